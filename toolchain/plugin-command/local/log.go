package local

import (
	"bytes"
	"strings"
	"sync"
)

// longestLine keeps one log message far below what one gRPC message may hold.
const longestLine = 32 * 1024

// lineLogger shows what is written to it line by line. A line of any length gets through, in pieces: the official
// plug-in waits for ever after 64 KiB without a line end.
type lineLogger struct {
	mutex sync.Mutex
	rest  []byte
	show  func(line string)
}

func (l *lineLogger) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.rest = append(l.rest, p...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		switch {
		case end >= 0 && end <= longestLine:
			l.emit(end)
			l.rest = l.rest[1:]
		case len(l.rest) > longestLine:
			l.emit(longestLine)
		default:
			return len(p), nil
		}
	}
}

func (l *lineLogger) emit(length int) {
	// A cut inside a character would make the message invalid UTF-8, which gRPC refuses.
	l.show(strings.ToValidUTF8(strings.TrimSuffix(string(l.rest[:length]), "\r"), "\uFFFD"))
	l.rest = l.rest[length:]
}

// flush shows a last line that has no line end.
func (l *lineLogger) flush() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(l.rest) > 0 {
		l.emit(len(l.rest))
	}
}
