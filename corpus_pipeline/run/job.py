"""The command line of every job in jobs/."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from corpus_pipeline.errors import ContractError, CorpusError

if TYPE_CHECKING:
    from corpus_pipeline.run.execute import Run

PIPELINE_JOB = "pipeline"
REPORT_JOB = "report"
COMPARE_JOB = "compare_tokenizers"
VERIFY_JOB = "verify"


def main(job: str, arguments: Sequence[str] | None = None) -> int:
    """Run one stage, `pipeline` (all of them) or `report`. Returns the exit code: 0, or 1 after an error."""
    parser = common_parser(job)
    parser.add_argument("--force", action="store_true", help="run even what is up to date")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would run and why, and stop; no file is opened, no expression tried",
    )
    if job == REPORT_JOB:
        parser.add_argument("--base", metavar="OUTPUT", help="output of another run: say what changed since")
    return guarded(job, parser.parse_args(arguments), partial(_run, job))


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM, by which services and containers end a job, and SIGHUP of a closed terminal are interrupts.

    Not where they are ignored: `nohup` does that.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) != signal.SIG_IGN]
    before = {one: signal.signal(one, interrupt) for one in heard}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@_terminable()
def guarded(job: str, options: argparse.Namespace, work: Callable[[argparse.Namespace, str], None]) -> int:
    """`work(options, Spark's log)`, its errors as one line of ours. Returns the exit code of `main`."""
    log = os.path.join(os.path.abspath(options.log_dir), f"spark-{job}.log")
    try:
        os.makedirs(os.path.dirname(log), exist_ok=True)
        work(options, log)
    except CorpusError as error:
        _fail(error)
        return 1
    except BrokenPipeError:  # whoever read what we print has ended; an error of its own would be lost as well
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        say("interrupted: nothing half-done was published; run the same command again to go on")
        return 130
    except Exception as error:  # Spark's and Java's errors become one of ours: no stack trace in front of the user
        from corpus_pipeline.run.failures import translate

        _fail(translate(error, log if os.path.exists(log) else "the log of spark-submit's driver"))
        return 1
    return 0


def say(line: str) -> None:
    """One plain line of progress."""
    print(line, file=sys.stderr, flush=True)


def _fail(error: CorpusError) -> None:
    say(f"error: {type(error).__name__}: {error}")


def common_parser(job: str) -> argparse.ArgumentParser:
    """The options that every job has."""
    parser = argparse.ArgumentParser(prog=f"jobs/{job}.py", description=f"corpus pipeline: {job}")
    parser.add_argument("--config", required=True, help="the YAML file of the run")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change one setting")
    parser.add_argument("--output", help="of this run, instead of the config's")
    parser.add_argument("--log-dir", default="out/logs", help="local folder of Spark's own log")
    return parser


@contextmanager
def opened(options: argparse.Namespace, log: str) -> Iterator[Run]:
    """The run that the options name, with its session, which stops at the end.

    Import before it only what is soon loaded: Java starts here, and a second is won by loading the rest meanwhile.
    """
    from corpus_pipeline.run import config_file, gateway

    raw = config_file.read(options.config, options.set)
    if options.output is not None:
        raw["output"] = options.output  # as it is: `#` and `:` are no YAML here
    gateway.launch(config_file.spark_settings(raw, options.config), log)

    from corpus_pipeline.run import session
    from corpus_pipeline.run.config import check
    from corpus_pipeline.run.execute import Run
    from corpus_pipeline.run.storage import Storage

    config = check(raw, options.config)
    spark = session.start(config, log)
    say(f"run {config.name}: Spark {spark.version} at {spark.sparkContext.master}, output {config.output}")
    try:
        yield Run(spark, Storage(spark), config, say)
    finally:
        session.stop(spark)


def _run(job: str, options: argparse.Namespace, log: str) -> None:
    started = time.monotonic()
    with opened(options, log) as run:
        from corpus_pipeline.pipeline import PIPELINE, STAGES
        from corpus_pipeline.run import evaluation, lease
        from corpus_pipeline.run.comparison_table import comparison_table
        from corpus_pipeline.run.execute import execute, plan, read_table

        if job == VERIFY_JOB:
            return _verified(run, log)
        stages = PIPELINE if job == PIPELINE_JOB else () if job == REPORT_JOB else (STAGES[job],)
        for stage in stages:
            evaluation.check(run.storage, run.params(stage), say)
        if options.dry_run:
            for stage, reason in plan(run, stages, options.force):
                say(f"{stage.name}: {'would run: ' + reason if reason else 'up to date'}")
            return
        if stages:
            with lease.taken(run.storage, run.config, job, say) as ours:
                for stage in stages:
                    execute(run, stage, options.force, ours)
        if job in (PIPELINE_JOB, REPORT_JOB):
            _finish(run, time.monotonic() - started, getattr(options, "base", None))
        if job == COMPARE_JOB:
            print(comparison_table(read_table(run, "tokenizer_comparison")))


def _verified(run: Run, log: str) -> None:
    """Raises ContractError when something is not as it was published, after all of it was said."""
    from corpus_pipeline.run import lease
    from corpus_pipeline.run.verify import verify

    for holder in lease.holders(run.storage, run.output):
        say(f"verify: {run.output} is being written meanwhile, by {holder}")
    findings = verify(run, log)
    for one in findings:
        _fail(one)
    if findings:
        got = f"{len(findings)} findings"
        raise ContractError(run.output, "the run as it was published", got, "Do what the lines above say.")
    say(f"verify: {run.output} is as it was published")


def _finish(run: Run, seconds: float, base: str | None) -> None:
    from corpus_pipeline.run import comparison, figures, html_report
    from corpus_pipeline.run.summary import summary

    found = figures.of_run(run.storage, run.config)
    compared = comparison.compare(run.storage, run.config, found, base) if base else None
    written = html_report.write(run.storage, run.config, found, compared)
    print(comparison.as_text(compared) if compared else summary(found, run.config), flush=True)
    say(f"report: {written}, figures in {run.output}/quality_report/*.parquet")
    say(f"done in {seconds:.0f} s")
