// memory_limit.go - the same work as memory_limit.c, in goroutines; objects of 64 or 512 bytes.

package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

type words64 [8]unsafe.Pointer
type words512 [64]unsafe.Pointer

var (
	done int32
	made uint64
)

// An object that nobody keeps has to be made all the same.
var last [64]struct {
	object  unsafe.Pointer
	another [56]byte
}

func makeObjects[object any](live []*object, which int, ended *sync.WaitGroup) {
	defer ended.Done()
	random, count := uint64(88172645463325252+which), uint64(0)
	for atomic.LoadInt32(&done) == 0 {
		o := new(object)
		random ^= random << 13
		random ^= random >> 7
		random ^= random << 17
		if count%16 == 0 {
			live[random%uint64(len(live))] = o
		}
		count++
		last[which].object = unsafe.Pointer(o)
	}
	atomic.AddUint64(&made, count)
}

func run[object any](limit, mib, threads, seconds int) {
	var o object
	size := int(unsafe.Sizeof(o))
	live := make([]*object, mib<<20/size)
	for i := range live {
		live[i] = new(object)
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(int64(limit) << 20)
	var ended sync.WaitGroup
	for i := 0; i < threads; i++ {
		ended.Add(1)
		go makeObjects(live, i, &ended)
	}
	var stats runtime.MemStats
	samples, over, sum, most := 0, 0, 0.0, 0.0
	for until := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(until); samples++ {
		runtime.ReadMemStats(&stats)
		mapped := float64(stats.Sys-stats.HeapReleased) / (1 << 20)
		sum += mapped
		if mapped > most {
			most = mapped
		}
		if mapped > float64(limit)*1.05 {
			over++
		}
		time.Sleep(time.Millisecond)
	}
	atomic.StoreInt32(&done, 1)
	ended.Wait()
	runtime.ReadMemStats(&stats)
	fmt.Printf("work=memory-limit peer=go threads=%d limit_mib=%d live_mib=%d bytes=%d samples=%d mean_mib=%.1f max_mib=%.1f over=%.3f count=%d collections=%d cpu_fraction=%.2f\n",
		threads, limit, mib, size, samples, sum/float64(samples), most,
		float64(over)/float64(samples), made, stats.NumGC, stats.GCCPUFraction)
}

func main() {
	var figures [5]int
	for i, text := range os.Args[1:] {
		if i < len(figures) {
			figures[i], _ = strconv.Atoi(text)
		}
	}
	switch figures[3] {
	case 64:
		run[words64](figures[0], figures[1], figures[2], figures[4])
	case 512:
		run[words512](figures[0], figures[1], figures[2], figures[4])
	default:
		fmt.Fprintln(os.Stderr, "usage: memory_limit_go LIMIT_MIB LIVE_MIB THREADS 64|512 SECONDS")
		os.Exit(2)
	}
}
