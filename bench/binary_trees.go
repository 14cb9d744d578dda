// binary_trees.go - the same work as binary_trees.c, in goroutines.

package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

const depthMin = 4

type node struct{ left, right *node }

func makeTree(depth uint) *node {
	if depth == 0 {
		return &node{}
	}
	left := makeTree(depth - 1)
	right := makeTree(depth - 1)
	return &node{left, right}
}

func (n *node) count() uint64 {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.count() + n.right.count()
}

func share(index, threads uint64, depthMax uint) (nodes uint64) {
	for depth := uint(depthMin); depth <= depthMax; depth += 2 {
		trees := uint64(1) << (depthMax - depth + depthMin)
		for i := index; i < trees; i += threads {
			nodes += makeTree(depth).count()
		}
	}
	return nodes
}

func main() {
	threads, depthMax := 1, 18
	if len(os.Args) > 1 {
		threads, _ = strconv.Atoi(os.Args[1])
	}
	if len(os.Args) > 2 {
		depthMax, _ = strconv.Atoi(os.Args[2])
	}
	if threads < 1 || threads > 64 || depthMax < depthMin || depthMax > 26 {
		fmt.Fprintf(os.Stderr, "usage: %s [THREADS [DEPTH]]\n", os.Args[0])
		os.Exit(2)
	}

	began := time.Now()
	nodes := makeTree(uint(depthMax) + 1).count()
	kept := makeTree(uint(depthMax))
	shares := make([]uint64, threads)
	var others sync.WaitGroup
	for i := 1; i < threads; i++ {
		others.Add(1)
		go func(i int) {
			defer others.Done()
			shares[i] = share(uint64(i), uint64(threads), uint(depthMax))
		}(i)
	}
	shares[0] = share(0, uint64(threads), uint(depthMax))
	others.Wait()
	for _, counted := range shares {
		nodes += counted
	}
	nodes += kept.count()
	printResult("trees", threads, nodes, began, 0)
}
