// replace.go - the same work as replace.c, in goroutines. Go has no free: only "drop".

package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	live     = 100000
	bytesMin = 16
	bytesMax = 1024
)

type store struct {
	random  uint64
	objects [][]byte
	numbers []uint64
	wrong   uint64
}

func (s *store) next() uint64 {
	s.random ^= s.random << 13
	s.random ^= s.random >> 7
	s.random ^= s.random << 17
	return s.random
}

func (s *store) replace(slot uint64) {
	number := s.next()
	if old := s.objects[slot]; old != nil && binary.LittleEndian.Uint64(old) != s.numbers[slot] {
		s.wrong++
	}
	object := make([]byte, bytesMin+(number>>32)%(bytesMax-bytesMin+1))
	binary.LittleEndian.PutUint64(object, number)
	s.objects[slot] = object
	s.numbers[slot] = number
}

func (s *store) run(operations uint64) {
	s.objects = make([][]byte, live)
	s.numbers = make([]uint64, live)
	for slot := uint64(0); slot < live; slot++ {
		s.replace(slot)
	}
	for i := uint64(0); i < operations; i++ {
		s.replace(s.next() % live)
	}
}

func main() {
	threads, operations := 0, uint64(3000000)
	if len(os.Args) > 1 {
		threads, _ = strconv.Atoi(os.Args[1])
	}
	if len(os.Args) > 3 {
		operations, _ = strconv.ParseUint(os.Args[3], 10, 64)
	}
	if len(os.Args) < 3 || threads < 1 || threads > 64 || operations == 0 || os.Args[2] != "drop" {
		fmt.Fprintf(os.Stderr, "usage: %s THREADS drop [OPERATIONS]\n", os.Args[0])
		os.Exit(2)
	}

	began := time.Now()
	stores := make([]store, threads)
	for i := range stores {
		stores[i].random = 0x9e3779b97f4a7c15 * uint64(i+1)
	}
	var others sync.WaitGroup
	for i := 1; i < threads; i++ {
		others.Add(1)
		go func(i int) {
			defer others.Done()
			stores[i].run(operations)
		}(i)
	}
	stores[0].run(operations)
	others.Wait()
	for i := range stores {
		if stores[i].wrong != 0 {
			fmt.Fprintf(os.Stderr, "%d objects did not hold what was put there\n", stores[i].wrong)
			os.Exit(1)
		}
	}
	printResult("replace-drop", threads, operations, began, 0)
}
