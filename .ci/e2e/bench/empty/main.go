// Command empty is a program that links net/http and does nothing: what any
// HTTP client in Go costs to start.
package main

import (
	"net/http"
	"os"
)

func main() {
	if len(os.Args) > 1<<20 {
		_ = http.ListenAndServe("127.0.0.1:0", nil)
	}
}
