// server [serve]: an HTTP server on a free port. Without an argument it is also its own client, with many goroutines,
// and does what else Go's runtime does with threads, signals, timers and processes.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// One goroutine a number, whose answers meet in a channel.
func sum(n int) int {
	parts := make(chan int)
	for i := 1; i <= n; i++ {
		go func(i int) { parts <- i }(i)
	}
	total := 0
	for i := 0; i < n; i++ {
		total += <-parts
	}
	return total
}

func listen() (*http.Server, string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	mux := http.NewServeMux()
	mux.HandleFunc("/sum", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		fmt.Fprintln(w, sum(n))
	})
	mux.HandleFunc("/hash", func(w http.ResponseWriter, r *http.Request) {
		hash := sha256.New()
		io.Copy(hash, r.Body)
		fmt.Fprintf(w, "%x", hash.Sum(nil)[:4])
	})
	server := &http.Server{Handler: mux}
	go server.Serve(listener)
	return server, listener.Addr().String()
}

func serve() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	server, address := listen()
	fmt.Println("port", address[strings.LastIndex(address, ":")+1:])
	fmt.Println("stopped by", <-stop)
	check(server.Shutdown(context.Background()))
}

func clients(address string) {
	var wait sync.WaitGroup
	var failed int64
	answers := make([]string, 100)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, MaxConnsPerHost: 16}}
	for i := range answers {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			body := strings.NewReader(strings.Repeat(strconv.Itoa(i), 1000))
			response, err := client.Post("http://"+address+"/hash", "text/plain", body)
			if err != nil {
				atomic.AddInt64(&failed, 1)
				return
			}
			defer response.Body.Close()
			text, _ := io.ReadAll(response.Body)
			answers[i] = string(text)
		}(i)
	}
	wait.Wait()
	fmt.Println(failed, answers[0], answers[99], len(answers))
	response, err := client.Get("http://" + address + "/sum?n=5000")
	check(err)
	text, _ := io.ReadAll(response.Body)
	response.Body.Close()
	fmt.Print("sum ", string(text))
}

type node struct {
	left, right *node
	data        [24]byte
}

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{left: tree(depth - 1), right: tree(depth - 1)}
}

func (n *node) count() int {
	if n == nil {
		return 0
	}
	return 1 + n.left.count() + n.right.count()
}

func memory() {
	debug.SetGCPercent(20)
	var wait sync.WaitGroup
	counts := make([]int, 4)
	for i := range counts {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			for round := 0; round < 5; round++ {
				counts[i] += tree(15).count()
			}
		}(i)
	}
	wait.Wait()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("trees", counts, "collections:", stats.NumGC > 2)
	debug.FreeOSMemory()
}

func recovered() (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	var nothing *node
	return string(nothing.data[:])
}

// Loops that call nothing: the scheduler stops them by signals.
func preempted() {
	var stop int32
	var spins [4]int64
	for i := range spins {
		go func(i int) {
			for atomic.LoadInt32(&stop) == 0 {
				spins[i]++
			}
		}(i)
	}
	time.Sleep(100 * time.Millisecond)
	runtime.GC()
	atomic.StoreInt32(&stop, 1)
	fmt.Println("preempted")
}

func timers() {
	var order []int
	var lock sync.Mutex
	var wait sync.WaitGroup
	for _, n := range []int{5, 1, 4, 2, 3} {
		wait.Add(1)
		n := n
		time.AfterFunc(time.Duration(n*60)*time.Millisecond, func() {
			lock.Lock()
			order = append(order, n)
			lock.Unlock()
			wait.Done()
		})
	}
	wait.Wait()
	limited, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	<-limited.Done()
	fmt.Println("timers", order, limited.Err())
}

func lockedThreads() {
	var wait sync.WaitGroup
	ids := sync.Map{}
	hold := make(chan bool)
	for i := 0; i < 40; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			runtime.LockOSThread()
			ids.Store(syscall.Gettid(), true)
			<-hold
		}()
	}
	time.Sleep(50 * time.Millisecond)
	close(hold)
	wait.Wait()
	count := 0
	ids.Range(func(_, _ any) bool { count++; return true })
	fmt.Println("threads of their own:", count > 1)
}

func processes() {
	output, err := exec.Command("sh", "-c", "echo out; exit 4").Output()
	var exit *exec.ExitError
	fmt.Print("child: ", string(output), errors.As(err, &exit), " ", err, "\n")
	limited, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	fmt.Println(exec.CommandContext(limited, "sleep", "60").Run())
	sorted := exec.Command("sort")
	sorted.Stdin = strings.NewReader("b\na\n")
	output, err = sorted.Output()
	fmt.Printf("%q %v\n", output, err)
	var wait sync.WaitGroup
	lines := make([]string, 8)
	for i := range lines {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			text, err := exec.Command("/bin/echo", strconv.Itoa(i)).CombinedOutput()
			lines[i] = strings.TrimSpace(string(text)) + fmt.Sprint(err)
		}(i)
	}
	wait.Wait()
	sort.Strings(lines)
	fmt.Println(lines)
	_, err = exec.LookPath("no-such-program")
	fmt.Println(err)
}

func main() {
	if len(os.Args) > 1 {
		serve()
		return
	}
	server, address := listen()
	clients(address)
	check(server.Close())
	memory()
	fmt.Println("recovered:", recovered())
	preempted()
	timers()
	lockedThreads()
	processes()
	seen := make(chan os.Signal, 1)
	signal.Notify(seen, syscall.SIGUSR1)
	check(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
	fmt.Println("signal", <-seen)
	fmt.Println("ended")
}
