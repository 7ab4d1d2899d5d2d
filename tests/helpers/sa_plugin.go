// SPDX-License-Identifier: MIT

// A plugin with a runtime of its own, for sa_gohost.c: go build -buildmode=c-shared.
package main

import "C"

// plugin_sum adds up the numbers below n, in a goroutine.
//
//export plugin_sum
func plugin_sum(n C.int) C.int {
	result := make(chan C.int)
	go func() {
		var sum C.int
		for i := C.int(0); i < n; i++ {
			sum += i
		}
		result <- sum
	}()
	return <-result
}

func main() {}
