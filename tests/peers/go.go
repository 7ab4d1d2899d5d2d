// SPDX-License-Identifier: MIT

// Go: os/exec's Cmd, or os.StartProcess below it. exec|start CHILD COUNT
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"strconv"
	"time"
)

func launchExec(child string) (time.Duration, time.Duration) {
	start := time.Now()
	command := exec.Command(child)
	if err := command.Start(); err != nil {
		log.Fatal(err)
	}
	returned := time.Since(start)
	if err := command.Wait(); err != nil {
		log.Fatal(err)
	}
	return returned, time.Since(start)
}

func launchStart(child string) (time.Duration, time.Duration) {
	start := time.Now()
	process, err := os.StartProcess(child, []string{child}, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
	})
	if err != nil {
		log.Fatal(err)
	}
	returned := time.Since(start)
	state, err := process.Wait()
	if err != nil || !state.Success() {
		log.Fatal(state, err)
	}
	return returned, time.Since(start)
}

func main() {
	launch := launchExec
	if os.Args[1] == "start" {
		launch = launchStart
	}
	count, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	for ; count > 0; count-- {
		returned, reaped := launch(os.Args[2])
		fmt.Println(returned.Nanoseconds(), reaped.Nanoseconds())
	}
}
