"""Why a part of a LiteLLM configuration has no place in the result, and what to do instead.

Source: litellm/types/router.py, litellm/proxy/_types.py, docs.litellm.ai/docs/proxy/config_settings (1.110).
"""

from collections.abc import Mapping

from control_plane.litellm_import.entry import Explanation
from control_plane.litellm_import.finding import Weight


def _explained(weight: Weight, reason: str, advice: str, keys: str) -> dict[str, Explanation]:
    return dict.fromkeys(keys.split(), Explanation(weight, reason, advice))


RETRIES = (
    "how often is tried again is not configured",
    "up to three targets of a version are tried where one cannot be reached, or answers 429, 503 or 529",
)
FALLBACKS = (
    "no request falls back to another Model",
    "give the Model targets of several providers: requests are translated between their APIs",
)
LIMITS = ("there are no limits and budgets yet", "keep those that the provider has, or limit before the gateway")
CACHE = ("answers are not cached yet", "leave it out")
ROUTING = ("targets are drawn by weight", "set `weight` of the targets")
HEALTH = ("a target that fails is passed over request by request", "leave it out")
LOGS = (
    "records of calls go to the replica's log, metrics and the collector",
    "collect those; prompts and answers are in none of them",
)
GUARDRAILS = ("there are no guardrails yet", "guard in the application, or before the gateway")
SENT = ("LiteLLM sends it with every request; requests are sent on as they come", "have clients send it")
HEADERS = ("the gateway adds no header for it", "write a HeaderPolicy for the Model that sets it")
PRICES = ("prices are of tokens", "write a CatalogEntry with prices for a million tokens")
INFORMS = ("it informs, and changes no request", "leave it out")
DATABASE = ("resources and keys are kept in etcd", "leave it out")
OWN_CODE = ("no code of one's own runs in the gateway", "move it into the application, or before the gateway")
PEOPLE = (
    "it is for LiteLLM's own users, teams and pages",
    "write Teams and Applications, and make keys with `isthmus keys`",
)
CLIENTS = ("what a client may send does not change provider or credential", "write a Provider and a Model for it")
STORES = ("no vector stores, tools, agents or servers of MCP are served", "reach them through a Route to a Service")
NETWORK = ("connections to providers have their own settings", "see `tls` of the Provider")

PARAMETERS: Mapping[str, Explanation] = {
    **_explained("NotMapped", *RETRIES, "max_retries num_retries cooldown_time allowed_fails retry_policy"),
    **_explained(
        "NotMapped", *LIMITS,
        "max_parallel_requests max_budget budget_duration itpm otpm tpd rpd daily_reset_time "
        "default_api_key_tpm_limit default_api_key_rpm_limit max_file_size_mb",
    ),
    **_explained("NotMapped", *HEADERS, "extra_headers headers default_headers organization"),
    **_explained("NotMapped", *CLIENTS, "configurable_clientside_auth_params use_in_pass_through"),
    **_explained("NotMapped", *ROUTING, "tags tag_regex provider_affinity_header region_restrictions"),
    **_explained(
        "NotMapped", *ROUTING,
        "auto_router_config auto_router_config_path auto_router_default_model auto_router_embedding_model "
        "complexity_router_config complexity_router_default_model adaptive_router_config quality_router_config",
    ),
    **_explained("NotMapped", *GUARDRAILS, "guardrails"),
    **_explained("NotMapped", *CACHE, "cache caching caching_groups"),
    **_explained("NotMapped", *NETWORK, "ssl_verify ssl_certificate client_cert"),
    **_explained("NotMapped", *STORES, "vector_store_id vector_store_ids search_provider"),
    **_explained(
        "NotMapped", "it belongs to a way of proving oneself that is not taken", "choose another type of `auth`",
        "aws_profile_name aws_web_identity_token aws_session_tags azure_username azure_password azure_ad_token "
        "anthropic_federation_rule_id anthropic_organization_id anthropic_service_account_id "
        "anthropic_identity_token_file anthropic_identity_token openai_identity_provider_id openai_service_account_id "
        "use_xai_oauth chatgpt_auth_file",
    ),
    **_explained(
        "NotNeeded", "the API that a request is sent on by follows from the call", "leave it out",
        "use_chat_completions_api use_litellm_proxy",
    ),
    **_explained(
        "NotMapped", *PRICES,
        "input_cost_per_second output_cost_per_second input_cost_per_pixel output_cost_per_pixel "
        "input_cost_per_character output_cost_per_character output_cost_per_image tiered_pricing",
    ),
    **_explained("NotNeeded", *INFORMS, "model_info litellm_trace_id metadata"),
    **_explained(
        "NotMapped", "answers that no model gave are not made up", "write a Route that responds, or leave it out",
        "mock_response mock_timeout mock_tool_calls",
    ),
}  # fmt: skip

MODEL_INFO: Mapping[str, Explanation] = {
    **_explained(
        "NotMapped", *PRICES,
        "input_cost_per_second output_cost_per_second input_cost_per_character output_cost_per_character "
        "output_cost_per_image ptu_count cost_per_ptu_per_hour",
    ),
    **_explained(
        "NotMapped", "the catalog knows a model by the name that its provider has for it",
        "write a CatalogEntry for this name, with its prices and what it can do", "base_model pricing_provider",
    ),
    **_explained(
        "NotMapped", "who may use a model is said by Applications", "set `allowedModels` of the Applications",
        "access_groups team_id team_public_model_name access_windows tier",
    ),
    **_explained(
        "NotMapped", "a deployment is not paused by it", "set the target's `weight` to 0, or take it away", "blocked"
    ),
    **_explained("NotNeeded", *HEALTH, "health_check_model health_check_timeout disable_background_health_check"),
}  # fmt: skip

ROUTER: Mapping[str, Explanation] = {
    **_explained(
        "NotMapped", *RETRIES,
        "num_retries max_retries retry_after retry_policy model_group_retry_policy allowed_fails "
        "allowed_fails_policy cooldown_time disable_cooldowns",
    ),
    **_explained(
        "NotMapped", *FALLBACKS,
        "fallbacks context_window_fallbacks content_policy_fallbacks default_fallbacks max_fallbacks "
        "fallback_on_unsupported_params enable_weighted_failover",
    ),
    **_explained(
        "NotMapped", *ROUTING,
        "routing_strategy routing_strategy_args routing_groups weights enable_tag_filtering tag_filtering_match_any "
        "tag_routing_prefix optional_pre_call_checks enable_pre_call_checks model_group_affinity_config "
        "deployment_affinity_ttl_seconds",
    ),
    **_explained("NotMapped", *LIMITS, "provider_budget_config default_max_parallel_requests default_priority"),
    **_explained("NotMapped", *CACHE, "cache_responses cache_kwargs caching_groups client_ttl"),
    **_explained("NotMapped", *SENT, "default_litellm_params"),
    **_explained(
        "NotNeeded", "nothing of it is kept in Redis", "leave it out",
        "redis_url redis_host redis_port redis_password redis_username redis_db redis_ssl polling_interval",
    ),
    **_explained("NotNeeded", *INFORMS, "set_verbose debug_level router_general_settings"),
    **_explained("NotMapped", *HEALTH, "enable_health_check_routing health_check_staleness_threshold"),
    **_explained("NotMapped", *LOGS, "alerting_config"),
    **_explained("NotMapped", *STORES, "search_tools assistants_config"),
}  # fmt: skip

LITELLM: Mapping[str, Explanation] = {
    **_explained("NotMapped", *RETRIES, "num_retries num_retries_per_request allowed_fails retry cooldown_time"),
    **_explained(
        "NotMapped", *FALLBACKS,
        "fallbacks context_window_fallbacks content_policy_fallbacks default_fallbacks max_fallbacks",
    ),
    **_explained("NotMapped", *CACHE, "cache cache_params caching enable_redis_auth_cache"),
    **_explained(
        "NotMapped", *LOGS,
        "callbacks success_callback failure_callback service_callback service_callbacks input_callback "
        "audit_log_callbacks callback_settings store_audit_logs langfuse_default_tags s3_callback_params "
        "turn_off_message_logging redact_user_api_key_info redact_messages_in_exceptions cold_storage_custom_logger "
        "standard_logging_payload_excluded_fields return_response_headers forward_traceparent_to_llm_provider "
        "add_user_information_to_llm_headers",
    ),
    **_explained("NotNeeded", *INFORMS, "set_verbose json_logs suppress_debug_info log_raw_request_response"),
    **_explained(
        "NotMapped", *LIMITS,
        "max_budget budget_duration max_user_budget max_internal_user_budget max_end_user_budget "
        "internal_user_budget_duration priority_reservation upperbound_key_generate_params default_team_settings "
        "default_soft_budget max_ui_session_budget",
    ),
    **_explained(
        "NotMapped", *PEOPLE,
        "default_internal_user_params default_key_generate_params default_team_params key_generation_settings "
        "public_model_groups model_group_settings",
    ),
    **_explained(
        "NotMapped", *GUARDRAILS,
        "guardrails guardrail_name_config_map blocked_user_list banned_keywords_list llm_guard_mode output_parse_pii "
        "presidio_ad_hoc_recognizers content_policy post_call_rules pre_call_rules openai_moderations_model_name",
    ),
    **_explained("NotMapped", *OWN_CODE, "custom_provider_map custom_prompt_dict"),
    **_explained(
        "NotMapped", "a request is not changed so that a provider takes it, but for what translation needs",
        "send what the model takes; `lossy: Allow` of the Route leaves out what has no equivalent",
        "modify_params disable_add_prefix_to_prompt merge_reasoning_content_in_choices enable_json_schema_validation",
    ),
    **_explained(
        "NotMapped", "a name for a model is a Model", "write a Model with `modelName`, or an alias of one",
        "model_alias_map",
    ),
    **_explained("NotMapped", *NETWORK, "ssl_verify ssl_certificate ssl_security_level force_ipv4 aiohttp_trust_env"),
    **_explained(
        "NotMapped", "no provider has it from the whole configuration", "set `baseUrl` and `auth` of the Provider",
        "api_base api_key api_version organization vertex_project vertex_location openai_key anthropic_key azure_key",
    ),
    **_explained("NotMapped", *STORES, "mcp_aliases vector_store_registry vector_store_index_registry"),
}  # fmt: skip

MASTER_KEY = Explanation(
    "ToDo",
    "one key for everybody is none of an Application's",
    "apply an Application for each caller, and make its key with `isthmus keys create APPLICATION`",
)
GENERAL: Mapping[str, Explanation] = {
    "master_key": MASTER_KEY,
    "pass_through_endpoints": Explanation(
        "NotMapped",
        "paths of other services are Routes of their own",
        "write a Service and a Route for each; a HeaderPolicy sets its headers",
    ),
    **_explained(
        "NotNeeded", *DATABASE,
        "database_url database_connection_pool_limit database_connection_timeout database_type database_args "
        "store_model_in_db disable_spend_logs disable_spend_updates proxy_batch_write_at "
        "allow_requests_on_db_unavailable use_redis_transaction_buffer supported_db_objects",
    ),
    **_explained(
        "NotMapped", "secrets are not read from a vault", "put them into Secrets, which are encrypted in the store",
        "key_management_system key_management_settings use_google_kms use_azure_key_vault use_aws_secret_manager",
    ),
    **_explained(
        "NotMapped", *LIMITS,
        "max_parallel_requests global_max_parallel_requests max_request_size_mb max_response_size_mb "
        "max_in_flight_requests_per_worker max_queued_requests_per_worker",
    ),
    **_explained("NotMapped", *OWN_CODE, "custom_auth custom_key_generate custom_sso custom_key_update"),
    **_explained(
        "NotMapped", *LOGS,
        "alerting alert_types alert_to_webhook_url alerting_args alerting_threshold otel store_prompts_in_spend_logs "
        "spend_report_frequency maximum_spend_logs_retention_period",
    ),
    **_explained("NotNeeded", *HEALTH, "background_health_checks health_check_interval health_check_details"),
    **_explained(
        "NotMapped", *PEOPLE,
        "ui_access_mode enable_jwt_auth litellm_jwtauth enable_oauth2_auth user_header_name user_header_mappings "
        "allow_user_auth allowed_routes public_routes admin_only_routes role_permissions allowed_ips enforced_params "
        "default_team_disabled disable_master_key_return enforce_user_param litellm_key_header_name",
    ),
    **_explained(
        "NotMapped", "a request names its model", "have clients name one", "completion_model infer_model_from_keys"
    ),
    **_explained(
        "NotNeeded", "what clients send goes on to the provider, but for credentials and what is between two hosts",
        "take headers away by a HeaderPolicy",
        "forward_client_headers_to_llm_api",
    ),
}  # fmt: skip

TOP: Mapping[str, Explanation] = {
    **_explained("NotMapped", *GUARDRAILS, "guardrails policies policy_attachments"),
    **_explained(
        "NotMapped", *STORES,
        "mcp_servers mcp_tools vector_store_registry search_tools agent_list agents assistant_settings sandbox_tools",
    ),
    **_explained("NotMapped", "prompts are not kept in the gateway", "keep them in the application", "prompts"),
    **_explained(
        "NotMapped", "files and fine-tuning go to a provider as they come", "give clients a Route to it",
        "files_settings finetune_settings default_vertex_config",
    ),
    **_explained("NotMapped", *LOGS, "callback_settings"),
}  # fmt: skip

EXTENSION = Explanation("NotNeeded", "LiteLLM passes it over; what it holds counts where an alias names it")
UNKNOWN = Explanation("NotMapped", "nothing is known of it", "see what LiteLLM does by it")


def explain(table: Mapping[str, Explanation], key: str, unknown: Explanation = UNKNOWN) -> Explanation:
    return table.get(key, unknown)
