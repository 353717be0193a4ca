//go:build tools

// Package cli pins the engine that setup/engine.sh builds where no release can be downloaded.
package cli

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
