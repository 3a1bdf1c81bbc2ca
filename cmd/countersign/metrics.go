package main

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"countersign/store"
)

// metricsHandler serves what the database knows of the machine's state (R56), asked
// anew for each scrape: several processes over one database tell the same.
func metricsHandler(s *store.Store) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), stateCollector{s})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}

var (
	descMails     = prometheus.NewDesc("countersign_mails", "Mails by state.", []string{"state"}, nil)
	descOldest    = prometheus.NewDesc("countersign_oldest_unprocessed_seconds", "Age of the oldest mail that is not decided.", nil, nil)
	descSilences  = prometheus.NewDesc("countersign_unanswered_mails", "Decided mails that got no answer, by reason.", []string{"reason"}, nil)
	descNotices   = prometheus.NewDesc("countersign_notices", "Mails of ours that are not sent, by state.", []string{"state"}, nil)
	descTasks     = prometheus.NewDesc("countersign_tasks", "What waits for a person.", nil, nil)
	descMailboxUp = prometheus.NewDesc("countersign_mailbox_up", "1 when the last visit to the mailbox went well.", []string{"mailbox"}, nil)
	descMailboxAt = prometheus.NewDesc("countersign_mailbox_last_good_visit_seconds", "Time since the last visit that went well.", []string{"mailbox"}, nil)
)

// stateCollector asks the store at each scrape.
type stateCollector struct{ store *store.Store }

const scrapeLimit = 5 * time.Second

// Describe names the metrics.
func (stateCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descMails, descOldest, descSilences, descNotices, descTasks, descMailboxUp, descMailboxAt} {
		out <- d
	}
}

// Collect reads them. A database that does not answer makes the scrape fail, not vanish.
func (c stateCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeLimit) // the interface knows no context
	defer cancel()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	health, err := c.store.Health(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(descMails, err)
		return
	}
	for state, n := range health.Mails {
		gauge(descMails, float64(n), string(state))
	}
	for reason, n := range health.Silences {
		gauge(descSilences, float64(n), string(reason))
	}
	for state, n := range health.Notices {
		gauge(descNotices, float64(n), string(state))
	}
	gauge(descTasks, float64(health.Tasks))
	age := 0.0
	if !health.OldestUnprocessed.IsZero() {
		age = c.store.Now().Sub(health.OldestUnprocessed).Seconds()
	}
	gauge(descOldest, age)
	mailboxes, err := c.store.Mailboxes(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(descMailboxUp, err)
		return
	}
	for _, m := range mailboxes {
		up := 0.0
		if m.Problem == "" {
			up = 1
		}
		gauge(descMailboxUp, up, m.Mailbox)
		if !m.OKAt.IsZero() {
			gauge(descMailboxAt, c.store.Now().Sub(m.OKAt).Seconds(), m.Mailbox)
		}
	}
}
