// cAdvisor for Docker alone, from its own packages: its command is a module of its own, which no proxy of Go modules has. Of its
// command's flags it knows those that this program gives it, by the same names; the rest come from the packages.
package main

import (
	"flag"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/google/cadvisor/cache/memory"
	"github.com/google/cadvisor/container"
	_ "github.com/google/cadvisor/container/docker/install"
	v2 "github.com/google/cadvisor/info/v2"
	"github.com/google/cadvisor/manager"
	"github.com/google/cadvisor/metrics"
	"github.com/google/cadvisor/utils/sysfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

func main() {
	klog.InitFlags(nil)
	listen := flag.String("port", "8080", "port to listen on")
	kept := flag.Duration("storage_duration", 2*time.Minute, "how long samples are kept in memory")
	labels := flag.String("whitelisted_container_labels", "", "container labels that become labels of metrics")
	_ = flag.Bool("store_container_labels", false, "false: only those of whitelisted_container_labels")
	wanted := flag.String("enable_metrics", "cpu,memory,oom_event", "groups of metrics")
	flag.Parse()

	// Its command hands over lists of one empty prefix where none is given, and its packages count on one.
	groups := container.MetricSet{}
	for _, group := range strings.Split(*wanted, ",") {
		groups[container.MetricKind(group)] = struct{}{}
	}
	watcher, err := manager.New(memory.New(*kept, nil), sysfs.NewRealSysFs(), manager.HousekeepingConfigFlags, groups, http.DefaultClient, []string{""}, []string{""}, "", 0)
	if err != nil {
		klog.Fatalf("cannot look at this machine: %v", err)
	}
	if err := watcher.Start(); err != nil {
		klog.Fatalf("cannot look at this machine: %v", err)
	}

	registry := prometheus.NewRegistry()
	named := metrics.BaseContainerLabels(strings.Split(*labels, ","))
	request := v2.RequestOptions{IdType: v2.TypeName, Count: 1, Recursive: true}
	registry.MustRegister(
		metrics.NewPrometheusCollector(watcher, named, groups, clock.RealClock{}, request),
		metrics.NewPrometheusMachineCollector(watcher, groups),
	)
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	http.HandleFunc("/healthz", func(answer http.ResponseWriter, _ *http.Request) { _, _ = answer.Write([]byte("ok")) })

	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ended
		_ = watcher.Stop()
		os.Exit(0)
	}()
	klog.Fatal(http.ListenAndServe(":"+*listen, nil))
}
