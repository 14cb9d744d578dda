// figures prints its memory statistics in every form that memanalyze reads: a file for each
// form in the folder it is given. Run it with GODEBUG=gctrace=1,scavtrace=1 and keep stderr.
package main

import (
	"encoding/json"
	"expvar"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
)

var kept [][]byte

// work allocates, keeps a part of it and runs the given number of collections.
func work(cycles int) {
	for i := 0; i < cycles; i++ {
		for size := 8; size < 100000; size *= 2 {
			block := make([]byte, size)
			if i%4 == 0 {
				kept = append(kept, block)
			}
		}
		runtime.GC()
	}
}

func create(folder, name string) *os.File {
	file, err := os.Create(filepath.Join(folder, name))
	if err != nil {
		log.Fatal(err)
	}
	return file
}

func main() {
	folder := os.Args[1]
	indented := create(folder, "indented.log")
	lines := create(folder, "lines.log")
	array := create(folder, "array.json")
	profile := create(folder, "profile.txt")
	vars := create(folder, "vars.json")
	dated := log.New(lines, "", log.LstdFlags|log.Lmicroseconds|log.LUTC)
	samples := []runtime.MemStats{}

	// 300 cycles between the third sample and the fourth: more than the rings hold.
	for i, cycles := range []int{3, 5, 290, 300, 2, 0} {
		work(cycles)
		if i == 4 {
			debug.SetGCPercent(-1)
			debug.FreeOSMemory()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		samples = append(samples, m)
		long, _ := json.MarshalIndent(m, "", "    ")
		short, _ := json.Marshal(m)
		fmt.Fprintf(indented, "sample %d {follows}\n%s\n", i, long)
		dated.Printf("%s", short)
	}
	all, _ := json.Marshal(samples)
	fmt.Fprintf(array, "%s\n", all)
	pprof.Lookup("heap").WriteTo(profile, 1)
	recorder := httptest.NewRecorder()
	request, _ := http.NewRequest("GET", "/debug/vars", nil)
	expvar.Handler().ServeHTTP(recorder, request)
	vars.Write(recorder.Body.Bytes())
	for _, file := range []*os.File{indented, lines, array, profile, vars} {
		file.Close()
	}
}
