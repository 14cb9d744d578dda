// result.go - the line that every bench prints; see result.h.

package main

import (
	"fmt"
	"runtime"
	"sort"
	"syscall"
	"time"
)

func seconds(t syscall.Timeval) float64 {
	return float64(t.Sec) + float64(t.Usec)/1e6
}

// How many collections there were, for printResult to leave out.
func collections() int {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.NumGC)
}

func printResult(work string, threads int, count uint64, began time.Time, before int) {
	wall := time.Since(began).Seconds()
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)

	known := int(stats.NumGC)
	if known > len(stats.PauseNs) {
		known = len(stats.PauseNs)
	}
	if stats.NumGC > 256 {
		before = 0
	}
	pauses := append([]uint64(nil), stats.PauseNs[before:known]...)
	known -= before
	sort.Slice(pauses, func(i, j int) bool { return pauses[i] < pauses[j] })
	var longest, median, p99, total float64
	for _, ns := range pauses {
		total += float64(ns)
	}
	if known > 0 {
		longest = float64(pauses[known-1])
		median = float64(pauses[known/2])
		p99 = float64(pauses[(known*99+99)/100-1])
	}
	fmt.Printf("work=%s peer=go threads=%d count=%d ns_each=%.2f wall_s=%.4f cpu_s=%.4f "+
		"peak_kib=%d collections=%d pauses=%d pause_max_us=%.1f pause_median_us=%.1f "+
		"pause_p99_us=%.1f pause_total_us=%.1f\n",
		work, threads, count, wall*1e9/float64(count), wall,
		seconds(usage.Utime)+seconds(usage.Stime), usage.Maxrss, stats.NumGC, known,
		longest/1e3, median/1e3, p99/1e3, total/1e3)
}
