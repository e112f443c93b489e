package main

import (
	"fmt"
	"os"
)

func main() { fmt.Println("hello from", len(os.Args), "argument") }
