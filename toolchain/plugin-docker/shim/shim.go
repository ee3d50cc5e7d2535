// Package shim opens the upstream provider, which is an internal package, to the bridge.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// New returns the upstream provider, named by the version it reports to registries.
func New(version string) *schema.Provider {
	return provider.New(version)()
}
