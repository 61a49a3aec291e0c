// One member of a cluster of hashicorp/memberlist, which says when it sees others come and go: the peer of the
// discovery benchmark. Ends with its input.
//
//	memberlist NAME ADDRESS SEED ALPHA      prints "joined|died NAME NANOSECONDS"
package main

import (
	"fmt"
	"io"
	"io/ioutil"
	"os"
	"strconv"
	"time"

	"github.com/hashicorp/memberlist"
)

// Not its usual 7946, which the member of Troupe on the same host has.
const port = 7947

type reporter struct{}

func say(what string, node *memberlist.Node) {
	fmt.Printf("%s %s %d\n", what, node.Name, time.Now().UnixNano())
}

func (reporter) NotifyJoin(node *memberlist.Node)   { say("joined", node) }
func (reporter) NotifyLeave(node *memberlist.Node)  { say("died", node) }
func (reporter) NotifyUpdate(node *memberlist.Node) {}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: memberlist NAME ADDRESS SEED ALPHA")
		os.Exit(2)
	}
	alpha, err := strconv.Atoi(os.Args[4])
	fail(err)
	// Its defaults for a local network are Troupe's: periods of 1 s, probes of 500 ms, 3 helpers, gossip to 3
	// members each 200 ms, a retransmit factor of 4, beta 6, local health up to 8.
	config := memberlist.DefaultLANConfig()
	config.Name = os.Args[1]
	config.BindAddr = os.Args[2]
	config.BindPort = port
	config.AdvertiseAddr = os.Args[2]
	config.AdvertisePort = port
	config.SuspicionMult = alpha
	config.Events = reporter{}
	config.LogOutput = ioutil.Discard
	list, err := memberlist.Create(config)
	fail(err)
	// The seed may not be up yet.
	for i := 0; i < 50; i++ {
		if _, err = list.Join([]string{fmt.Sprintf("%s:%d", os.Args[3], port)}); err == nil {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	_, _ = io.Copy(ioutil.Discard, os.Stdin)
}
