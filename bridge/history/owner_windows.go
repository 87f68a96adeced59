package history

// adopt has nothing to do: on Windows what is made in a folder inherits the rights to it.
func adopt(_, _ string) error { return nil }
