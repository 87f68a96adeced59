package broker

import (
	"bytes"
	"fmt"
)

// speaksHTTP tells whether what a stranger sends first is a request of HTTP, as far as it has come.
func speaksHTTP(begun []byte) bool {
	for _, method := range []string{"GET ", "HEAD ", "POST ", "PUT ", "OPTIONS "} {
		if bytes.HasPrefix(begun, []byte(method)) || len(begun) > 1 && bytes.HasPrefix([]byte(method), begun) {
			return true
		}
	}
	return false
}

// wrongPort is the answer to a browser that came to the MQTT port (RFC 9110 §15.5.20).
func wrongPort(port int) []byte {
	tell := fmt.Sprintf("This port speaks MQTT. The page is on port %d of the same address.\n", port)
	return fmt.Appendf(nil, "HTTP/1.1 421 Misdirected Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(tell), tell)
}
