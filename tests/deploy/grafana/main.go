// SPDX-License-Identifier: Apache-2.0

// dashboard FILE: whether Grafana's own types take a dashboard, each member of each kind of panel;
// they are made from the schemas that Grafana loads by. Exit status 1, and a line for each fault.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func check(path string) error {
	var d dashboard.Dashboard
	var none cog.BuildErrors

	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	// both give an error of no faults where there is none
	if err = d.UnmarshalJSONStrict(data); err != nil && !(errors.As(err, &none) && len(none) == 0) {
		return err
	}
	if err = d.Validate(); err != nil && !(errors.As(err, &none) && len(none) == 0) {
		return err
	}
	return nil
}

func main() {
	plugins.RegisterDefaultPlugins()
	if err := check(os.Args[1]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
