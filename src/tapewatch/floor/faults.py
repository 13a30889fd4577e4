"""
What can go wrong on the floor, and which alerts have to tell of it.

A fault is one cause with all that it does, on every desk: a venue that is slow is slow in the
metrics of each pack. What it does is a table of changes, so a fault begins and ends between two
steps and leaves nothing behind.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from tapewatch.floor import causes
from tapewatch.floor.changes import Again, Change, Flow, Hold, Moment, Plus, Stop, Times

DAY_S: Final = 86_400.0
FIRST_VENUE: Final = {"venue": "binance"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    help: str
    fires: tuple[str, ...]
    """The alerts that must tell of it, in whichever packs they are declared; none tells of what
    is only said in words."""

    changes: tuple[Change, ...] = ()
    service: Literal["", "down", "hung", "unwatched"] = ""
    """What becomes of the desk's first service, or of its second watcher."""

    causes: tuple[str, ...] = ()
    """What goes wrong in the world of the desk, and is found out there (``causes.py``)."""

    def booked_usd(self, metrics: Collection[str]) -> float:
        """Sum what it books on every book of profit and loss that is among these metrics."""
        return sum(
            change.amount
            for change in self.changes
            if isinstance(change, Plus) and change.metric in metrics
            if change.metric.endswith("_pnl_usd")
        )


FAULTS: Final[Mapping[str, Fault]] = {
    # --- Venues ---
    "venue_disconnect": Fault(
        "The connection to a venue breaks, and does not come back.",
        ("VenueDisconnected", "FeedStale", "WebSocketDisconnected", "MarketDataDisconnected"),
        (
            Hold("venue_connected", 0, FIRST_VENUE),
            Hold("market_data_websocket_connected", 0),
            Hold("market_data_websocket_connection_status", 0),
        ),
        causes=(causes.CUT,),
    ),
    "disconnect_storm": Fault(
        "The connections to venues break again and again.",
        ("VenueDisconnectsOften", "WebSocketDisconnected", "ReconnectsHigh"),
        (
            Flow("venue_disconnects_total", 0.2, labels={"reason": "network"}),
            Flow("market_data_websocket_connection_failures_total", 0.2),
            Flow("market_data_reconnect_attempts_total", 0.2),
        ),
    ),
    "venue_errors": Fault(
        "A venue answers with errors of its own, also to what is tried again.",
        (
            "VenueErrorsHigh",
            "ExecutionApiDown",
            "ApiFailures",
            "BrokerErrorsHigh",
            "RetryEscalation",
        ),
        (
            Flow("venue_requests_total", 2.0, labels={"status": "503"}),
            Flow("venue_request_errors_total", 2.0),
            Flow("execution_engine_api_failures_total", 0.5, labels={"status_code": "503"}),
            Flow("execution_gateway_alpaca_api_requests_total", 2.0, labels={"status": "error"}),
            Flow("execution_engine_retry_delay_ms", 0.5, 800.0, {"retry_attempt": "3"}),
        ),
    ),
    "slow_venue": Fault(
        "Venues take seconds to answer.",
        ("VenueSlow", "OrderAcksSlow", "ApiCallSlow", "OrderPlacementSlow", "OrderExecutionSlow"),
        (
            Times("venue_request_seconds", 60),
            Times("execution_engine_api_call_latency_ms", 20),
            Times("execution_gateway_order_placement_duration_seconds", 20),
            Times("order_execution_time_seconds", 20),
        ),
        causes=(causes.SLOW_VENUE,),
    ),
    "rate_limit": Fault(
        "We ask more than the venue allows, until it bans us.",
        ("RateBudgetRunsOut", "VenueRefuses", "VenueBanned", "ApiRateLimited", "RetriesHigh"),
        (
            Flow("execution_engine_api_failures_total", 0.5, labels={"status_code": "429"}),
            Flow("execution_gateway_order_retries_total", 0.2, labels={"reason": "rate_limit"}),
        ),
        causes=(causes.FLOOD,),
    ),
    "venue_ban": Fault(
        "A venue bans our address.",
        ("VenueBanned", "VenueRefuses"),
        causes=(causes.BAN,),
    ),
    "venue_clock": Fault(
        "Our clock and a venue's are nearly a second apart.",
        ("VenueClockOff",),
        causes=(causes.VENUE_CLOCK,),
    ),
    "broker_gone": Fault(
        "The broker does not answer at all.",
        ("BrokerGone",),
        (Hold("execution_gateway_alpaca_connection_status", 0),),
    ),
    # --- Feeds ---
    "feed_stall": Fault(
        "Feeds fall silent, though every connection stands.",
        ("FeedStale", "MarketDataThin", "NoMarketData", "SyncBehind", "SyncOrdersBehind"),
        (
            Stop("market_data_messages_processed_total"),
            Stop("market_data_websocket_messages_received_total"),
            Stop("sync_last_event_timestamp_seconds"),
            Stop("sync_events_total"),
        ),
        causes=(causes.SILENCE,),
    ),
    "sequence_gap": Fault(
        "Messages of feeds are lost, and books cannot be trusted.",
        ("FeedGaps", "BookNotSynced", "SyncIncomplete"),
        (
            Flow("sync_gaps_total", 0.1),
            Hold("sync_missing_events", 40),
        ),
        causes=(causes.GAPS,),
    ),
    "duplicates": Fault(
        "Feeds repeat messages.",
        ("FeedFaults",),
        causes=(causes.DUPLICATES,),
    ),
    "crossed_book": Fault(
        "The best bid of books stands above their best ask.",
        ("BookCrossed",),
        causes=(causes.CROSSED,),
    ),
    "late_feed": Fault(
        "Messages are a second old when they come.",
        ("FeedLate",),
        causes=(causes.LATE,),
    ),
    "sync_mismatch": Fault(
        "What we show is not what the exchange has.",
        ("SyncMismatch",),
        (Hold("sync_mismatches", 3),),
    ),
    "subscriptions_fail": Fault(
        "Subscriptions are slow or refused, until nothing is subscribed.",
        ("SubscriptionSlow", "SubscriptionsFail", "PositionSyncFails", "NothingSubscribed"),
        (
            Flow("market_data_subscription_duration_seconds", 1.0, 8.0),
            Flow("market_data_subscription_requests_total", 0.2, labels={"status": "error"}),
            Stop("market_data_position_syncs_total", {"status": "success"}),
            Flow("market_data_position_syncs_total", 0.2, labels={"status": "error"}),
            Hold("market_data_subscribed_symbols_current", 0),
        ),
    ),
    # --- Orders ---
    "order_rejections": Fault(
        "Venues refuse a large part of our orders.",
        (
            *("OrderRejectsHigh", "OrderSuccessLow", "OrderRejections"),
            *("FillRateDropped", "LowFillRate", "FillRateLow"),
        ),
        (
            Flow("execution_engine_orders_submitted_total", 2.0, labels={"status": "failure"}),
            Flow(
                "execution_engine_order_rejections_total",
                0.1,
                labels={"rejection_reason": "risk_limit"},
            ),
            Flow("execution_gateway_orders_total", 0.5, labels={"status": "rejected"}),
            Flow("orders_total", 2.0, labels={"status": "rejected"}),
            Hold("trading_order_fill_rate", 0.5),
            Hold("order_fill_rate", 0.6),
        ),
        causes=(causes.REJECTING,),
    ),
    "stuck_orders": Fault(
        "Orders are sent, and nothing is heard of them again.",
        ("OrdersOrphaned",),
        causes=(causes.STUCK,),
    ),
    "slow_orders": Fault(
        "Our own way from the tick to the order is slow.",
        ("TickToTradeSlow", "HighOrderLatency", "OrderSubmissionSlow", "RoutingSlow"),
        (
            Times("execution_engine_order_submission_latency_us", 250),
            Times("execution_engine_routing_latency_us", 10),
        ),
        causes=(causes.SLOW_DESK,),
    ),
    "slippage": Fault(
        "Fills cost far more than their reference price.",
        ("SlippageHigh", "HighSlippage"),
        (Plus("trading_slippage_bps", 80.0),),
        causes=(causes.SLIPPING,),
    ),
    "no_orders": Fault(
        "Signals come, and no order leaves.",
        ("NoOrders",),
        (Stop("execution_gateway_orders_total"),),
    ),
    "fat_finger": Fault(
        "Orders are two hundred times too large.",
        ("OrderValueHigh", "PositionTooLarge"),
        (
            Times("execution_gateway_order_value_usd", 200),
            Plus("trading_position_value_usd", 150_000.0, labels={"side": "long"}),
        ),
    ),
    "too_many_positions": Fault(
        "Positions are opened in far more symbols than anybody can follow.",
        ("TooManyPositions",),
        (
            Plus("trading_open_positions_count", 30),
            Hold("execution_gateway_positions_current", 12.0),
        ),
    ),
    "runs_fail": Fault(
        "Runs of the orchestrator take minutes, and fail.",
        ("RunsFail", "OrchestrationSlow"),
        (
            Flow("orchestrator_runs_total", 0.5, labels={"status": "error"}),
            Flow("orchestrator_orchestration_duration_seconds", 1.0, 100.0),
        ),
    ),
    # --- Risk ---
    "position_drift": Fault(
        "Our positions are not what the venues say.",
        ("PositionDrifted",),
        causes=(causes.DRIFT,),
    ),
    "reconciler_dead": Fault(
        "Positions have not been compared with the venues' for six minutes.",
        ("ReconciliationStale",),
        causes=(causes.RECONCILER,),
    ),
    "daily_loss": Fault(
        "Several symbols together lose more than the day's stop.",
        ("BookLossNearStop", "BookLossAtStop", "MaxDailyLossExceeded", "DrawdownReached"),
        (
            Plus("book_realized_pnl_usd", -6000.0),
            Plus("trading_realized_pnl_usd", -2000.0),
            Plus("trading_unrealized_pnl_usd", -4000.0),
            Plus("trading_portfolio_value_usd", -80_000.0),
        ),
    ),
    "risk_limit": Fault(
        "A strategy asks for more than its limits allow.",
        ("RiskLimitNear", "RiskCheckFailures", "RiskChecksFail"),
        (
            Hold("risk_limit_used_ratio", 0.97),
            Flow(
                "risk_manager_risk_failures_total",
                0.2,
                labels={"failure_type": "position_limit_exceeded"},
            ),
            Flow("risk_manager_checks_performed_total", 4.0, labels={"result": "fail"}),
        ),
    ),
    "circuit_breaker": Fault(
        "Breakers stop trading.",
        ("BreakerTripped", "CircuitBreakerTriggered", "CircuitBreakerTripped"),
        (
            Flow("risk_breaker_trips_total", 0.1),
            Hold("risk_breaker_open", 1),
            Flow(
                "risk_manager_risk_failures_total",
                0.1,
                labels={"failure_type": "circuit_breaker_triggered"},
            ),
            Hold("execution_gateway_circuit_breaker_status", 1),
        ),
    ),
    "kill_switch": Fault(
        "Somebody stops the whole desk.",
        ("KillSwitchTripped",),
        causes=(causes.KILL,),
    ),
    "quotes_vanish": Fault(
        "Most of our quotes disappear from the market.",
        ("QuotesVanished",),
        (Times("quotes_live", 0.2),),
    ),
    # --- Models ---
    "model_errors": Fault(
        "The model is gone, and what is left of it errs.",
        (
            "MLInferenceErrors",
            "ModelAccuracyLow",
            "ModelNotLoaded",
            "ModelReloadFails",
            "NoSignals",
        ),
        (
            Flow("signal_bridge_inference_errors_total", 0.2),
            Hold("model_accuracy", 0.6),
            Hold("signal_service_model_loaded_status", 0),
            Flow("signal_service_model_reload_total", 0.1, labels={"status": "error"}),
            Stop("signal_service_signals_generated_total"),
        ),
    ),
    "slow_model": Fault(
        "Features and models take ten times as long.",
        ("InferenceSlow", "FeatureComputationSlow", "SignalGenerationSlow"),
        (
            Times("signal_bridge_inference_latency_us", 10),
            Times("signal_bridge_feature_computation_us", 10),
            Times("signal_bridge_signal_generation_latency_us", 25),
            Times("signal_service_signal_generation_duration_seconds", 12),
            Times("model_inference_time_seconds", 10),
        ),
    ),
    # --- The services' own way ---
    "slow_market_data": Fault(
        "Messages are read, books changed and news published far too slowly.",
        ("WebSocketReadSlow", "ElevatedMarketDataLatency", "BookUpdateSlow", "ZmqPublishSlow"),
        (
            Times("market_data_websocket_latency_us", 200),
            Times("market_data_orderbook_update_latency_us", 10),
            Times("market_data_zmq_publish_latency_us", 20),
        ),
    ),
    "slow_risk": Fault(
        "Checks, positions and profit take far too long to compute.",
        ("PretradeCheckSlow", "PositionUpdateSlow", "PnlCalculationSlow"),
        (
            Times("risk_manager_pretrade_check_latency_us", 30),
            Times("risk_manager_position_update_latency_us", 10),
            Times("risk_manager_pnl_calculation_latency_us", 15),
        ),
    ),
    "queue_backlog": Fault(
        "Readers of queues fall behind.",
        ("ZmqQueueBacklog", "QueueLag"),
        (Hold("system_zmq_queue_depth", 8000), Hold("kafka_consumergroup_lag", 50_000)),
    ),
    "services_apart": Fault(
        "The orchestrator does not reach its neighbours.",
        ("SignalServiceUnavailable", "GatewayUnavailable"),
        (
            Hold("orchestrator_signal_service_available", 0),
            Hold("orchestrator_execution_gateway_available", 0),
        ),
    ),
    "database_loss": Fault(
        "The database is gone, and with it the pictures of the trading state.",
        (
            *("DatabaseDown", "GatewayDatabaseGone", "SignalDatabaseGone"),
            *("OrchestratorDatabaseGone", "StateSnapshotStale"),
        ),
        (
            Hold("pg_up", 0),
            Hold("execution_gateway_database_connection_status", 0),
            Hold("signal_service_database_connection_status", 0),
            Hold("orchestrator_database_connection_status", 0),
            Moment("state_snapshot_timestamp_seconds", -61.0),
        ),
    ),
    "database_crowded": Fault(
        "Connections to the database are not given back.",
        ("DatabaseConnectionsHigh",),
        (Times("pg_stat_activity_count", 2.1),),
    ),
    "cache_loss": Fault(
        "The cache is gone.",
        ("CacheDown", "SignalCacheGone", "MarketDataCacheGone"),
        (
            Hold("redis_up", 0),
            Hold("signal_service_redis_connection_status", 0),
            Hold("market_data_redis_connection_status", 0),
        ),
    ),
    "cache_full": Fault(
        "The cache is nearly full.",
        ("CacheFull",),
        (Hold("redis_memory_used_bytes", 3.9e9),),
    ),
    "http_errors": Fault(
        "Services answer with errors.",
        ("HttpErrorsHigh", "ErrorsSpike"),
        (
            Flow("http_requests_total", 0.5, labels={"status": "500"}),
            Flow("http_request_errors_total", 0.5),
        ),
    ),
    "http_slow": Fault(
        "Services answer in seconds.",
        ("HttpSlow",),
        (Times("http_request_duration_seconds", 60),),
    ),
    "http_flood": Fault(
        "Somebody asks services far more than they were tested with.",
        ("HttpRequestsHigh",),
        (Flow("http_requests_total", 120.0, labels={"status": "200"}),),
    ),
    # --- Processes, hosts, pods ---
    "service_death": Fault("A service is gone, without a word.", ("ProcessDown",), service="down"),
    "service_hang": Fault(
        "A service is there, and does nothing.", ("ProcessHangs",), service="hung"
    ),
    "crash_loop": Fault(
        "Services die a few seconds after each start, until they are held back.",
        ("ProcessRestartsOften", "PodRestarts", "PodBacksOff", "DeploymentShort"),
        (
            Again("process_start_time_seconds", 20.0),
            Flow("kube_pod_container_status_restarts_total", 0.05),
            Hold("kube_pod_container_status_waiting_reason", 1, {"reason": "CrashLoopBackOff"}),
            Hold("kube_deployment_status_replicas_available", 0),
        ),
    ),
    "memory_leak": Fault(
        "Services hold more memory with every second.",
        ("ProcessMemoryGrows", "MemoryLeak", "MemoryHigh", "HostMemoryHigh", "ContainerMemoryHigh"),
        (
            Plus("process_resident_memory_bytes", 2e9, 2e6),
            Plus("system_memory_usage_mb", 900.0, 2.0),
            Times("node_memory_MemAvailable_bytes", 0.2),
            Times("container_memory_working_set_bytes", 2.6),
        ),
    ),
    "out_of_memory": Fault(
        "The kernel kills services for their memory.",
        ("PodOutOfMemory",),
        (
            Hold("kube_pod_container_status_last_terminated_reason", 1, {"reason": "OOMKilled"}),
            Flow("kube_pod_container_status_restarts_total", 0.02),
        ),
    ),
    "pod_pending": Fault(
        "Pods find no place to run.",
        ("PodPending",),
        (
            Hold("kube_pod_status_phase", 1, {"phase": "Pending"}),
            Hold("kube_pod_status_phase", 0, {"phase": "Running"}),
        ),
    ),
    "cpu_burn": Fault(
        "Everything computes without end.",
        ("HostCpuHigh", "ProcessCpuHigh", "HighCpuUsage", "EventLoopLate", "ContainerCpuHigh"),
        (
            Times("node_cpu_seconds_total", 0.1, {"mode": "idle"}),
            Times("process_cpu_seconds_total", 7),
            Hold("system_cpu_usage_percent", 96),
            Hold("event_loop_lag_seconds", 0.6),
            Times("container_cpu_usage_seconds_total", 3.2),
        ),
    ),
    "idle_containers": Fault(
        "Containers do nothing with the cores that are paid for.",
        ("ContainerOversized",),
        (Times("container_cpu_usage_seconds_total", 0.1),),
    ),
    "file_leak": Fault(
        "Files and connections are not closed.",
        ("ProcessFilesUsedUp",),
        (Hold("process_open_fds", 1000),),
    ),
    "disk_fills_up": Fault(
        "Something writes until the disk is full.",
        ("HostDiskHigh", "HostDiskFillsUp"),
        (
            Times("node_filesystem_avail_bytes", 0.35),
            Plus("node_filesystem_avail_bytes", 0.0, -5e6),
        ),
    ),
    "clock_drift": Fault(
        "The clock of the host has lost its reference.",
        ("HostClockOff",),
        (Hold("node_timex_offset_seconds", 0.02), Hold("node_timex_sync_status", 0)),
    ),
    "packet_loss": Fault(
        "The host drops packets.",
        ("HostDropsPackets",),
        (Flow("node_network_receive_drop_total", 20.0, labels={"device": "eth0"}),),
    ),
    # --- Words ---
    "log_flood": Fault(
        "Services write the same line two thousand times a second.",
        (),
        causes=(causes.LOG_FLOOD,),
    ),
    "log_secret": Fault(
        "Services write a secret into their logs, which the log handler has to hide.",
        (),
        causes=(causes.LOG_LEAK,),
    ),
    # --- The watcher ---
    "watcher_death": Fault(
        "A component of the second watcher does not work.",
        ("WatcherComponentDown",),
        (Hold("tapewatch_component_up", 0), Hold("tapewatch_ready", 0)),
    ),
    "watcher_gone": Fault(
        "The second watcher is gone; only a dead man's switch outside can tell of it.",
        (),
        service="unwatched",
    ),
    "watcher_mute": Fault(
        "The second watcher's messages do not arrive.",
        ("ChannelFails", "MessagesWait"),
        (Hold("tapewatch_channel_up", 0), Hold("tapewatch_outbox_waiting", 40)),
    ),
    "watcher_rules": Fault(
        "Rules of the second watcher fail, or take too long.",
        ("RulesFail", "RulesLate"),
        (
            Hold("tapewatch_rules_failing", 3),
            Flow("tapewatch_rule_group_evaluations_missed_total", 0.2),
        ),
    ),
    "watcher_disk": Fault(
        "The second watcher's disk is full, and some of its files are damaged.",
        ("WatcherReadOnly", "WatcherDiskLow", "FilesDamaged"),
        (
            Hold("tapewatch_metrics_read_only", 1),
            Hold("tapewatch_data_free_bytes", 1e6),
            Hold("tapewatch_metrics_damaged_files", 2),
        ),
    ),
    "watcher_series": Fault(
        "A label of an exporter explodes, and the second watcher runs out of series.",
        ("SeriesNearLimit",),
        (Hold("tapewatch_metrics_series", 960_000),),
    ),
    "watcher_configuration": Fault(
        "The second watcher was given a configuration that it refuses.",
        ("ConfigurationRefused",),
        (Hold("tapewatch_config_last_reload_successful", 0),),
    ),
}

NEEDS_NO_FAULT: Final = frozenset({"Watchdog"})
"""Alerts that are meant to fire without end."""


def faults_of(alert: str) -> tuple[str, ...]:
    """Name the faults that set off an alert."""
    return tuple(name for name, fault in FAULTS.items() if alert in fault.fires)
