// Command oauthprobe runs OAuth 2 and OpenID Connect flows, shows every byte
// that went over the wire, and judges every answer by its RFC.
package main

import (
	"os"

	"github.com/oauthprobe/oauthprobe/cmd"
)

func main() { os.Exit(cmd.Main(cmd.OS())) }
