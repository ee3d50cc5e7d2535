# Daily commands; docs/operations.md has them by task. Each target prints the command it runs, so that it can be typed by hand.
#
#   STACK=local|staging|production   which stack; default: local
#   SYSTEM=robotoff|protea|monitoring   one system; default: all that the stack file declares
#   SERVICE=name                     one service, as `make status` lists it
#   TAIL=100                         lines of log to begin with (logs, why); letters shown (letters)
#   PLAIN=1                          lines as the containers wrote them, for jq (logs)
#   FOLLOW=0|1                       whether to go on with what comes; default: on a terminal (logs)
#   APPS=1                           the applications alone, not the servers (start, stop, restart)
#   N=3|+2|-1                        containers, or how many more or fewer (scale)
#   HEALTH=1                         also what Robotoff's backends answer it (status)
#   CMD='rq info'                    the command, in words as this machine's shell reads them (run)
#   REPUBLISH=2                      the number of a dead letter to put back; PURGE=1: delete them (letters)
#   DOMAIN=name                      a static domain of your ngrok account (expose)
#   KEY=name                         which secret, where a service has several; SHOW=1: also into a pipe (password)
#   OUT=folder                       where to write (compose); `-` prints
#   ID=…                             a job's id, as `make jobs` shows it (job)
#   STATUS=running                   jobs of this status only; LIMIT=50: how many (jobs)
#   OLDER=30d                        from how long ago on, in h, d or w (db-clean)
#   AT=latest                        to when, a time such as 2026-11-25T03:12:00Z or a checkpoint (restore); a backup (verify)
#   RESTORE=latest                   what a database without data gets this once: latest, or a time (up)
#   DEEP=1                           also restore it and compare contents (verify)
#   SECRET=protea:postgresPassword   which secret gets another value; several with blanks between them (rotate)
#   DRY=1                            only say what would be done (restore, adopt, rotate)
#   LEAVE=name                       a container of the compose project that may run beside (adopt); WITHOUT_BACKUP=1: without one; BACK=1: the way back
#   LOOK=1                           open it beside the live data, read-only; nothing is replaced (restore)
#   INTO=postgresql://user@host:5432  another server, which has no such database yet (restore); its password is asked for, or PGPASSWORD
#   INTO=s3://KEY@host/bucket        another S3 server, whose bucket is empty or not there (restore, with ONLY=bucket); AWS_SECRET_ACCESS_KEY
#   CA=file                          here: the certificate of the authority of that server, where it is a private one; of PostgreSQL: it is compared
#   FROM=/folder                     other backups on the host than the stack's own, which are only read (restore)
#   ONLY=bucket,lab,git              these parts, as in a backup, and not the database (restore)
#   NAME=name                        of a checkpoint
#   TO=folder                        a new folder, for the kit (recovery-kit); KIT=folder: one that was written (fetch)
#   TO=20261126T013932Z              a deployment, as make deployments has it; MIGRATED=1: although a migration ran since (rollback)
#   SNAPSHOT=1a2b3c4d                another snapshot off the host than the latest (fetch)
#   YES=1                            go on without asking, where a target asks first
#   MARKDOWN=file                    the same text into a file, for a pull request's comment (preview)
#   WITHOUT_SECRETS=1                preview a stack whose secrets this machine does not have (preview); leave their values out (drift)
#   JSON=1                           for programs (drift)
#   TELL=1                           also the alerts of a stack that is watched (drift)
#   ROOM=config                      a room alone (mutants)
#   TARGET=hosts                     the test hosts in the place of the real ones, for staging and production (make hosts)
#   ARGS='--diff'                    anything else, for pulumi, jest, the benchmark, the mutants

STACK ?= local
SHELL := bash
# Every recipe runs with the checkout's own Node and Pulumi.
export BASH_ENV := $(CURDIR)/toolchain/env.sh

ifneq ($(filter-out robotoff protea monitoring,$(SYSTEM)),)
  $(error found SYSTEM=$(SYSTEM), expected robotoff, protea or monitoring)
endif
ifeq ($(wildcard Pulumi.$(STACK).yaml),)
  $(error found STACK=$(STACK), but there is no Pulumi.$(STACK).yaml)
endif

ifneq ($(TARGET),)
  ifneq ($(TARGET),hosts)
    $(error found TARGET=$(TARGET), expected hosts)
  endif
  ifeq ($(STACK),local)
    $(error found TARGET=hosts with STACK=local, expected staging or production)
  endif
# Every target, made by this file in the rehearsal's checkout; it is set up by `make hosts`.
.PHONY: $(MAKECMDGOALS)
$(MAKECMDGOALS):
	@node tests/hosts/run.ts $(MAKE) --no-print-directory $@ TARGET=
else

local := $(filter local,$(STACK))
# One system is everything but the others: neither touched nor missed.
others := $(filter-out $(SYSTEM),robotoff protea monitoring)
only := $(if $(SYSTEM),$(foreach other,$(others),--exclude '**:System::$(other)' --exclude '**:System$$**::$(other)-**'))
these := --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(SERVICE), --service $(SERVICE))
apps := $(if $(APPS), --apps $(APPS))

.NOTPARALLEL:
.PHONY: help setup up preview destroy status why logs start stop restart scale queues urls compose topology bench bench-backup test lint types unit engine faults mutants

help: ## this list (the default)
	@sed -n '/^# /,/^$$/p' Makefile | sed -n '/^#   /s/^#   /  /p'
	@echo
	@sed -nE 's/^([a-z-]+):.* ## (.*)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r name text; do printf '  make %-9s %s\n' "$$name" "$$text"; done

setup: ## bring Node, Docker, Pulumi and, for local, the images to this machine
setup: export BASH_ENV :=
setup:
	$(if $(REHEARSAL),@:,toolchain/setup$(if $(local),, --no-images)$(if $(filter test,$(MAKECMDGOALS)), --tests))

up: setup ## bring everything up as the stack file declares it; except for local it says first what it will do, as preview does, and asks
	$(if $(RESTORE),RESTORE='$(RESTORE)' )node operations/up.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(YES), --yes $(YES)) -- $(only) $(ARGS)

preview: ## what `up` would change, for whom what is away, and outside local what was changed on the host by hand; ARGS=--diff: each value, in Pulumi's words
	$(if $(WITHOUT_SECRETS),WITHOUT_SECRETS=1 )node operations/preview.ts --stack $(STACK)$(if $(MARKDOWN), --markdown '$(MARKDOWN)') -- $(only) $(ARGS)

.PHONY: deploy readable
deploy: ## as a pipeline runs `up`: nobody is asked; a checkpoint first, at the end what is published is asked; of a failure it says the way back
	node operations/deploy.ts --stack $(STACK) -- $(ARGS)

readable: ## a copy of the state without secrets, for previews of pull requests: make readable STACK=staging TO=s3://…
	@node operations/readable.ts --stack $(STACK)$(if $(TO), --to '$(TO)')

.PHONY: adopt
adopt: ## take over what docker compose runs on a host, without losing a row; looks first and asks; DRY=1 only looks, BACK=1 is the way back
	node operations/adopt.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(DRY), --dry $(DRY))$(if $(LEAVE), --leave '$(LEAVE)')$(if $(WITHOUT_BACKUP), --without-backup $(WITHOUT_BACKUP))$(if $(BACK), --back $(BACK))$(if $(YES), --yes $(YES)) -- $(only) $(ARGS)

.PHONY: trust
trust: ## the keys that another machine and its proxy show now; after a yes they are pinned in the stack file
	node operations/trust.ts --stack $(STACK)$(if $(YES), --yes $(YES))

.PHONY: digests deployments rollback
deployments: ## what was deployed, when and by whom, and whether its images are still there
	@node operations/deployments.ts --stack $(STACK)

rollback: ## back to the deployment before, or to TO=, of the last five: images and settings; says what that changes, and asks
	node operations/rollback.ts --stack $(STACK)$(if $(TO), --to '$(TO)')$(if $(MIGRATED), --migrated $(MIGRATED))$(if $(YES), --yes $(YES))

digests: ## which content each image's tag has now, asked from the host; after a yes the stack file names it: tag@sha256:…
	node operations/digests.ts --stack $(STACK)$(if $(YES), --yes $(YES))

destroy: ## remove it all; volumes too for local; elsewhere it asks, and volumes stay
	node operations/destroy.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM)) -- $(if $(local),--yes --skip-preview,--exclude-protected) $(only) $(ARGS)

status: ## everything declared against what runs; fails when something is not as declared
	node operations/status.ts $(these)$(if $(HEALTH), --health $(HEALTH))

.PHONY: drift
drift: ## does the host run what is declared, field by field? Every difference, and how it is mended; touches nothing; JSON=1 for programs
	@$(if $(WITHOUT_SECRETS),WITHOUT_SECRETS=1 )node operations/drift.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(JSON), --json $(JSON))$(if $(TELL), --tell $(TELL))

.PHONY: heal
heal: ## make the host what is declared again, touching only what make drift names; says what, and asks, except for local
	node operations/heal.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(YES), --yes $(YES)) -- $(only)

why: ## of what is not as declared: what its health check said, and its last log lines
	node operations/why.ts $(these)$(if $(TAIL), --tail $(TAIL))

# Quiet, as some below: what is piped is the output alone. The docker command is printed as an error.
logs: ## follow the logs; in a pipe, print them
	@node operations/services.ts logs $(these)$(if $(TAIL), --tail $(TAIL))$(if $(PLAIN), --plain $(PLAIN))$(if $(FOLLOW), --follow $(FOLLOW))

start: ## start what was stopped
	node operations/services.ts start $(these)$(apps)

stop: ## stop, and stay stopped until start or up
	node operations/services.ts stop $(these)$(apps)

restart: ## stop and start
	node operations/services.ts restart $(these)$(apps)

scale: ## another number of containers: make scale SERVICE=worker N=3, or N=+2
	node operations/scale.ts $(these)$(if $(N), --replicas=$(N))

queues: ## Robotoff's queues and workers; PROTEA's queues, consumers and dead letters; fails without the one consumer of protea.embeddings
	node operations/queues.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))

.PHONY: db db-clean jobs job gpu disk reclaim
db: ## sizes of the databases, their ten largest tables, dead rows
	node operations/db.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))

db-clean: ## delete old ended jobs and their events: make db-clean SYSTEM=protea OLDER=30d; shows how many, and asks
	node operations/db-clean.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(OLDER), --older $(OLDER))$(if $(YES), --yes $(YES))

jobs: ## PROTEA's jobs, the newest first
	node operations/jobs.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(STATUS), --status $(STATUS))$(if $(LIMIT), --limit $(LIMIT))

job: ## one of them with its events: make job ID=…; CANCEL=1 or DELETE=1 asks, then does so
	node operations/job.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(ID), --id $(ID))$(if $(CANCEL), --cancel $(CANCEL))$(if $(DELETE), --delete $(DELETE))$(if $(YES), --yes $(YES))

gpu: ## what the host's GPUs do and for whom (nvidia-smi)
	node operations/gpu.ts --stack $(STACK)

disk: ## what images, containers, volumes, build cache and logs take, and what is left
	node operations/disk.ts --stack $(STACK)

reclaim: ## remove images that nothing uses, declares or may go back to, and build cache; lists them, and asks
	node operations/reclaim.ts --stack $(STACK)$(if $(YES), --yes $(YES))

.PHONY: backup backups copy fetch recovery-kit verify restore checkpoint
backup: ## back up each system on its host: whole and verified, or nothing
	node operations/backup.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))

backups: ## every backup, how it was verified, and from when to when can be restored
	@node operations/backups.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))

copy: ## the backups once more off the host, as after each backup (host:backups.copy)
	node operations/copy.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))

fetch: ## on a host that was lost: the backups back from the copy off it, before the first up; KIT=folder: with a recovery kit's passwords
	node operations/fetch.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(KIT), --kit '$(KIT)')$(if $(SNAPSHOT), --snapshot $(SNAPSHOT))

recovery-kit: ## what the copy off the host is useless without, written once: make recovery-kit TO=/media/usb/kit
	node operations/recovery-kit.ts --stack $(STACK)$(if $(TO), --to '$(TO)')

verify: ## is the newest backup (or AT=) still what was backed up? DEEP=1 restores it into a scratch server
	node operations/verify.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(AT), --at $(AT))$(if $(DEEP), --deep $(DEEP))

restore: ## the databases as they were: make restore AT=latest, a time (UTC) or a checkpoint; DRY=1 only says what it would do
	node operations/restore.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(AT), --at '$(AT)')$(if $(ONLY), --only '$(ONLY)')$(if $(DRY), --dry $(DRY))$(if $(LOOK), --look $(LOOK))$(if $(FROM), --from '$(FROM)')$(if $(INTO), --into '$(INTO)')$(if $(CA), --ca '$(CA)')$(if $(YES), --yes $(YES))

checkpoint: ## name this moment, to restore to it: make checkpoint NAME=before-cleaning
	node operations/checkpoint.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(NAME), --name $(NAME))

.PHONY: run letters expose password rotate
run: ## one command in a container of its own: make run SYSTEM=robotoff SERVICE=worker-1 CMD='rq info'
	@node operations/run.ts $(these) -- $(CMD)

letters: ## PROTEA's dead letters; REPUBLISH=2 puts the second back where it came from, PURGE=1 deletes them; both ask
	node operations/letters.ts --stack $(STACK)$(if $(TAIL), --tail $(TAIL))$(if $(REPUBLISH), --republish=$(REPUBLISH))$(if $(PURGE), --purge $(PURGE))$(if $(YES), --yes $(YES))

expose: ## a tunnel from the internet to PROTEA's frontend alone, by ngrok or cloudflared: make expose DOMAIN=protea.ngrok.app
	node operations/expose.ts --stack $(STACK)$(if $(SERVICE), --service $(SERVICE))$(if $(DOMAIN), --domain=$(DOMAIN))

rotate: ## other values of secrets, in the server and all that use it: make rotate SECRET=protea:postgresPassword; asks first, and can be run again
	node operations/rotate.ts --stack $(STACK)$(if $(SECRET), --secret '$(SECRET)')$(if $(DRY), --dry $(DRY))$(if $(YES), --yes $(YES))

password: ## a secret of the stack, to whoever can decrypt it: make password SERVICE=rabbitmq
	@node operations/password.ts $(these)$(if $(KEY), --key $(KEY))$(if $(SHOW), --show $(SHOW))

urls: ## what to open or call
	node operations/urls.ts $(these)

.PHONY: open
open: ## a service's URL for this machine; of another host by a tunnel, until Ctrl-C: make open STACK=staging SERVICE=frontend
	node operations/open.ts $(these)

.PHONY: report dashboard
dashboard: ## a page of a stack that is watched, for a browser on this machine: what is wrong, services, queues, backups, disks; until Ctrl-C
	node operations/dashboard.ts --stack $(STACK)

report: ## the last week of a stack that is watched: alerts, pages, restarts, disks, backups (docs/monitoring.md)
	@node operations/report.ts --stack $(STACK)

compose: ## write the stack as compose files, one for each system
	node operations/compose.ts --stack $(STACK)$(if $(SYSTEM), --system $(SYSTEM))$(if $(OUT), --out $(OUT))

topology: ## print the deployed stack's resource graph as a Mermaid picture
	node operations/topology.ts --stack $(STACK)

bench: setup ## measure this program against its alternatives: make bench ARGS='--rounds 1 deploy'
	node bench/run.ts $(ARGS)

bench-backup: setup ## measure backups and restores against the runbook's commands: SIZE=2.2 GB of bucket, 1.5 of database; ten minutes a round
	$(if $(SIZE),SIZE=$(SIZE) )node bench/run.ts $(ARGS) backup

test: setup lint types unit engine ## every test; the engine tests need some minutes

lint: ## eslint, prettier and shellcheck; of the workflows actionlint and zizmor
	node_modules/.bin/eslint .
	node_modules/.bin/prettier --check .
	shellcheck hosts/scripts/*.sh hosts/read-only/*.sh systems/*/*.sh tests/hosts/*.sh .github/with-key
	actionlint
	zizmor --quiet --offline .github

types: ## TypeScript's types
	node_modules/.bin/tsc --noEmit

unit: ## tests that need no Docker engine
	node_modules/.bin/jest --selectProjects unit $(ARGS)

engine: ## tests on this machine's Docker engine, and on hosts in namespaces of their own, beside whatever runs
	node_modules/.bin/jest --selectProjects engine --passWithNoTests $(ARGS)
	node_modules/.bin/jest --selectProjects hosts --passWithNoTests $(ARGS)

faults: ## the long campaigns of faults, an hour and more; their figures: docs/faults.md. One: ARGS='--testPathPatterns lost-host'
	node_modules/.bin/jest --selectProjects faults $(ARGS)

mutants: ## would the unit tests notice a small change? make mutants ROOM=config ARGS='--mutate config/units.ts'
	set -f; for room in $(or $(ROOM),config systems engines hosts backups operations); do ROOM=$$room node_modules/.bin/stryker run $(ARGS) || exit; done

.PHONY: hosts hosts-down
hosts: setup ## two hosts and a proxy on this machine, to rehearse a change to staging or production on: then TARGET=hosts with any command
	node tests/hosts/run.ts

hosts-down: ## remove them, with all that is on them
	node tests/hosts/run.ts --down
endif
