package servers

import "os"

// Chromium returns the browser's path and the flags, without dashes, with which it
// works in a test: no sandbox where we are root, and no talk with the network of its
// own. The caller adds a new, empty user-data-dir.
func Chromium() (path string, flags []string, err error) {
	path, err = find([]string{"/usr/bin", "/Applications/Google Chrome.app/Contents/MacOS"},
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "Google Chrome")
	if err != nil {
		return "", nil, err
	}
	flags = []string{"headless", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"}
	if os.Getuid() == 0 {
		flags = append(flags, "no-sandbox")
	}
	return path, flags, nil
}
