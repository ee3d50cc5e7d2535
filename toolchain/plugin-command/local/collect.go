package local

import (
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/gobwas/glob"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// collect puts the files that assetPaths and archivePaths name into result. Not given, it leaves what was there.
func collect(dir string, how Process, result *Result) error {
	if dir == "" {
		var err error
		if dir, err = os.Getwd(); err != nil {
			return err
		}
	}
	if how.AssetPaths != nil {
		files, err := find(dir, *how.AssetPaths)
		if err != nil {
			return err
		}
		assets := map[string]*types.AssetOrArchive{}
		for name, asset := range files {
			assets[name] = &types.AssetOrArchive{Asset: asset}
		}
		result.Assets = &assets
	}
	if how.ArchivePaths != nil {
		files, err := find(dir, *how.ArchivePaths)
		if err != nil {
			return err
		}
		members := map[string]any{}
		for name, asset := range files {
			members[name] = asset
		}
		if result.Archive, err = resource.NewAssetArchive(members); err != nil {
			return err
		}
	}
	return nil
}

// find returns the files below dir whose path, relative to dir, the last rule that fits does not exclude.
// "*" stops at "/", "**" does not, "!" in front excludes.
func find(dir string, rules []string) (map[string]*resource.Asset, error) {
	globs := make([]glob.Glob, len(rules))
	for i, rule := range rules {
		var err error
		if globs[i], err = glob.Compile(strings.TrimPrefix(rule, "!"), '/'); err != nil {
			return nil, err
		}
	}
	found := map[string]*resource.Asset{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		wanted := false
		for i, g := range globs {
			if g.Match(name) {
				wanted = !strings.HasPrefix(rules[i], "!")
			}
		}
		if wanted {
			found[name], err = resource.NewPathAsset(path.Join(dir, name))
		}
		return err
	})
	return found, err
}
