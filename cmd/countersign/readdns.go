package main

import (
	"context"
	"net"
	"strings"

	"countersign/mailin/origin"
)

// systemTXT returns a lookup that asks the system's resolver, once for all mails.
func systemTXT() func(ctx context.Context, name string) ([]string, error) {
	return origin.ShareLookups(net.DefaultResolver.LookupTXT, nil).TXT
}

// fileTXT answers from a file. A name that is not in it does not exist.
func fileTXT(answers map[string][]dnsAnswer) func(context.Context, string) ([]string, error) {
	byName := make(map[string][]dnsAnswer, len(answers))
	for name, list := range answers {
		byName[canonicalHost(name)] = list
	}
	return func(_ context.Context, name string) ([]string, error) {
		list, ok := byName[canonicalHost(name)]
		if !ok {
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		}
		var txt []string
		for _, a := range list {
			switch a.Error {
			case "":
				txt = append(txt, a.TXT)
			case "NXDOMAIN":
				return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
			case "TIMEOUT":
				return nil, &net.DNSError{Err: "timeout", Name: name, IsTimeout: true}
			default:
				return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
			}
		}
		return txt, nil
	}
}

func canonicalHost(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
