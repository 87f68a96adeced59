package web

// ParseMetadata reads Upload-Metadata.
func ParseMetadata(s string) (map[string]string, error) { return parseMetadata(s) }
