package main

import (
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// fake is kubectl and az of the scripts. In the folder $FAKE it reads
// PROGRAM.first and PROGRAM.rules, line by line
//
//	REGEXP | EXIT | STDOUT FILE | STDERR FILE
//
// and answers with the first line whose regular expression is in its arguments;
// EXIT "hang" sleeps, "killed" ends like a process that the system kills, "flood" prints
// 8 MiB on both streams, and a rule with "once" fails the first time and does not count
// after it. With $FAKE_SLOW it takes some milliseconds. It notes every call in $FAKE/log.
func fake(program string) int {
	dir := os.Getenv("FAKE")
	if os.Getenv("FAKE_SLOW") != "" {
		time.Sleep(time.Duration(os.Getpid()%30) * time.Millisecond)
	}
	command := strings.Join(os.Args[1:], " ")
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		fmt.Fprintf(log, "%s %s\n", program, command)
		log.Close()
	}
	for _, file := range []string{program + ".first", program + ".rules"} {
		raw, _ := os.ReadFile(filepath.Join(dir, file))
		for _, line := range strings.Split(string(raw), "\n") {
			parts := strings.Split(line, " | ")
			if len(parts) < 2 || !regexp.MustCompile(parts[0]).MatchString(command) {
				continue
			}
			if strings.TrimSpace(parts[1]) == "once" && !first(dir, parts[0]) {
				continue
			}
			return answer(dir, append(parts, "", "")[1:4])
		}
	}
	fmt.Fprintf(os.Stderr, "%s: nothing prepared for %s\n", program, command)
	return 99
}

// first reports whether a rule is used for the first time.
func first(dir, rule string) bool {
	f, err := os.OpenFile(filepath.Join(dir, "used."+strconv.Itoa(int(crc32.ChecksumIEEE([]byte(rule))))), os.O_CREATE|os.O_EXCL, 0o644)
	if err == nil {
		f.Close()
	}
	return err == nil
}

func answer(dir string, parts []string) int {
	switch strings.TrimSpace(parts[0]) {
	case "once":
		parts[0] = "1"
	case "hang":
		time.Sleep(5 * time.Minute)
	case "killed":
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			self.Kill()
		}
		time.Sleep(time.Minute)
	case "flood":
		line := strings.Repeat("a line that nobody asked for ", 36) + "\n"
		for range 8 << 10 {
			fmt.Print(line)
			fmt.Fprint(os.Stderr, line)
		}
	}
	for i, stream := range []*os.File{os.Stdout, os.Stderr} {
		name := strings.TrimSpace(parts[i+1])
		if name == "" {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 98
		}
		stream.Write(raw)
	}
	exit, _ := strconv.Atoi(strings.TrimSpace(parts[0]))
	return exit
}
