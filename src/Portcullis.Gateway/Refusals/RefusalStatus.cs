using Microsoft.AspNetCore.Http;

namespace Portcullis.Gateway.Refusals;

/// <summary>The table of docs/spec/http.md: which reason is answered with which HTTP status, and its code in the audit.</summary>
internal static class RefusalStatus
{
    /// <summary>The HTTP status of a reason, where the answer is not carried inside Git's own protocol.</summary>
    public static int Of(RefusalReason reason) => reason switch
    {
        RefusalReason.CredentialMissing or RefusalReason.TokenInvalid => StatusCodes.Status401Unauthorized,
        RefusalReason.CredentialMalformed or RefusalReason.PathInvalid or RefusalReason.ProtocolError => StatusCodes.Status400BadRequest,
        RefusalReason.RepositoryNotFound or RefusalReason.PathUnknown => StatusCodes.Status404NotFound,
        RefusalReason.ActionNotAllowed or RefusalReason.DumbHttp => StatusCodes.Status403Forbidden,
        RefusalReason.MethodNotAllowed => StatusCodes.Status405MethodNotAllowed,
        RefusalReason.ContentTypeWrong => StatusCodes.Status415UnsupportedMediaType,
        RefusalReason.TooLarge => StatusCodes.Status413PayloadTooLarge,
        RefusalReason.TooManyRequests => StatusCodes.Status429TooManyRequests,
        RefusalReason.TransferRefused => StatusCodes.Status403Forbidden,
        RefusalReason.LfsObjectNotFound or RefusalReason.LockNotFound => StatusCodes.Status404NotFound,
        RefusalReason.LfsHashAlgorithm or RefusalReason.LockExists => StatusCodes.Status409Conflict,
        RefusalReason.LfsUnprocessable => StatusCodes.Status422UnprocessableEntity,
        RefusalReason.RangeNotSatisfiable => StatusCodes.Status416RangeNotSatisfiable,
        RefusalReason.StorageFull => StatusCodes.Status507InsufficientStorage,
        RefusalReason.Busy or RefusalReason.AuditUnavailable or RefusalReason.KeysUnavailable or RefusalReason.UpstreamOverloaded => StatusCodes.Status503ServiceUnavailable,
        RefusalReason.BackendFailed or RefusalReason.UpstreamFailed => StatusCodes.Status502BadGateway,
        RefusalReason.UpstreamTimedOut => StatusCodes.Status504GatewayTimeout,
        RefusalReason.RefsNotAllowed or RefusalReason.ObjectNotFound => StatusCodes.Status200OK,
        _ => StatusCodes.Status403Forbidden,
    };

    /// <summary>Whether a reason means that it could not be done, and not that it may not.</summary>
    public static bool IsFailure(RefusalReason reason) =>
        reason is RefusalReason.Busy or RefusalReason.KeysUnavailable or RefusalReason.AuditUnavailable or RefusalReason.BackendFailed or RefusalReason.StorageFull
            or RefusalReason.UpstreamFailed or RefusalReason.UpstreamTimedOut or RefusalReason.UpstreamOverloaded;

    /// <summary>The stable code of a reason that has none of its own.</summary>
    public static string Code(RefusalReason reason) => reason switch
    {
        RefusalReason.CredentialMissing => "credential_missing",
        RefusalReason.CredentialMalformed => "credential_malformed",
        RefusalReason.TokenInvalid => "token_invalid",
        RefusalReason.RepositoryNotFound => "repository_not_found",
        RefusalReason.ActionNotAllowed => "action_not_allowed",
        RefusalReason.RefsNotAllowed => "refs_not_allowed",
        RefusalReason.ObjectNotFound => "object_not_found",
        RefusalReason.PathInvalid => "path_invalid",
        RefusalReason.PathUnknown => "path_unknown",
        RefusalReason.DumbHttp => "dumb_http",
        RefusalReason.MethodNotAllowed => "method_not_allowed",
        RefusalReason.ContentTypeWrong => "content_type_wrong",
        RefusalReason.ProtocolError => "protocol_error",
        RefusalReason.TooLarge => "too_large",
        RefusalReason.TooManyRequests => "too_many_requests",
        RefusalReason.Busy => "busy",
        RefusalReason.KeysUnavailable => "keys_unavailable",
        RefusalReason.AuditUnavailable => "audit_unavailable",
        RefusalReason.UpstreamFailed => "upstream_failed",
        RefusalReason.UpstreamTimedOut => "upstream_timed_out",
        RefusalReason.UpstreamOverloaded => "upstream_overloaded",
        RefusalReason.TransferRefused => "transfer_refused",
        RefusalReason.LfsObjectNotFound => "lfs_object_not_found",
        RefusalReason.LfsUnprocessable => "lfs_unprocessable",
        RefusalReason.LfsHashAlgorithm => "lfs_hash_algorithm",
        RefusalReason.RangeNotSatisfiable => "range_not_satisfiable",
        RefusalReason.LockNotFound => "lock_not_found",
        RefusalReason.LockExists => "lock_exists",
        RefusalReason.StorageFull => "storage_full",
        _ => "backend_failed",
    };
}
