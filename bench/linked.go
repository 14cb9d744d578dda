// linked.go - the same work as linked.c, in goroutines.

package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const links = 6

type node struct {
	number uint64
	next   *node
	link   [links]*node
}

var (
	nodes  []*node
	done   int32
	stored uint64
)

func nextRandom(random *uint64) uint64 {
	*random ^= *random << 13
	*random ^= *random >> 7
	*random ^= *random << 17
	return *random
}

func store(random *uint64) {
	r := nextRandom(random)
	n := nodes[r%uint64(len(nodes))]
	n.link[(r>>40)%links] = nodes[nextRandom(random)%uint64(len(nodes))]
}

func writeLinks(random, storesEach uint64) {
	eachTick, count := storesEach/1000, uint64(0)
	if storesEach == 0 {
		eachTick = 1000
	}
	tick := time.Now()
	for atomic.LoadInt32(&done) == 0 {
		for i := uint64(0); i < eachTick; i++ {
			store(&random)
		}
		count += eachTick
		if storesEach != 0 {
			tick = tick.Add(time.Millisecond)
			time.Sleep(time.Until(tick))
		}
	}
	atomic.AddUint64(&stored, count)
}

var last *node

func main() {
	var arguments [4]uint64
	if len(os.Args) == 5 {
		for i := range arguments {
			arguments[i], _ = strconv.ParseUint(os.Args[i+1], 10, 64)
		}
	}
	if arguments[1] == 0 {
		fmt.Fprintf(os.Stderr, "usage: %s THREADS MIB STORES SECONDS\n", os.Args[0])
		os.Exit(2)
	}
	random := uint64(0x9e3779b97f4a7c15)
	nodes = make([]*node, arguments[1]<<20/64)
	for i := range nodes {
		nodes[i] = &node{number: uint64(i)}
		if i > 0 {
			nodes[i].next = nodes[i-1]
		}
	}
	for i := 0; i < links*len(nodes); i++ {
		store(&random)
	}

	before := collections()
	began := time.Now()
	var writers sync.WaitGroup
	for i := uint64(0); i < arguments[0]; i++ {
		writers.Add(1)
		go func(random uint64) {
			defer writers.Done()
			writeLinks(random, arguments[2])
		}(0x2545f4914f6cdd1d * (i + 1))
	}
	made := uint64(0)
	for time.Since(began) < time.Duration(arguments[3])*time.Second {
		last = nil
		for i := 0; i < 256; i++ {
			last = &node{next: last}
		}
		made += 256
	}
	atomic.StoreInt32(&done, 1)
	writers.Wait()
	for i, n := range nodes {
		if n.number != uint64(i) {
			fmt.Fprintf(os.Stderr, "node %d does not hold its number\n", i)
			os.Exit(1)
		}
	}
	fmt.Printf("mib=%d stores=%d ", arguments[1], stored)
	printResult("linked", int(arguments[0]), made, began, before)
}
