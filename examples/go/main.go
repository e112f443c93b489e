// Goroutines in a kontainer: Go's own static executable, nothing compiled for Kontain.
package main

import (
	"fmt"
	"sync"
)

func main() {
	var lock sync.Mutex
	var group sync.WaitGroup
	squares := 0
	for i := 1; i <= 100; i++ {
		group.Add(1)
		go func(n int) {
			defer group.Done()
			lock.Lock()
			squares += n * n
			lock.Unlock()
		}(i)
	}
	group.Wait()
	fmt.Println("the squares of 1 to 100 are", squares, "together")
}
