using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Access.Permissions;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Names;
using Portcullis.Git.ReceivePack;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Refusals;

/// <summary>
/// What users read when they are refused: what was asked, as whom, what the token allows, and what to do. Lines stay
/// short, since Git puts <c>remote: </c> before each.
/// </summary>
internal sealed class RefusalTexts(GatewayOptions options)
{
    private const int MaxPermissionsNamed = 4;

    private readonly string _credentialMissing =
        "This server opens repositories to a signed token alone, and none came with the request.\n"
        + "Give it to Git as the password, with any user name; or send it as 'Authorization: Bearer'.\n"
        + $"Tokens come from {options.TokenEndpoint}.";

    /// <summary>No credential: the same whether or not the repository exists.</summary>
    public Refusal CredentialMissing(GitRoute? route) => new()
    {
        Reason = RefusalReason.CredentialMissing,
        Code = RefusalStatus.Code(RefusalReason.CredentialMissing),
        Text = _credentialMissing,
        Challenge = ChallengeFor(route),
    };

    /// <summary>A token that is not valid.</summary>
    /// <param name="code">The stable code of the check that failed.</param>
    /// <param name="description">What it says, in a sentence.</param>
    /// <param name="route">What was asked.</param>
    public Refusal TokenInvalid(string code, string description, GitRoute? route) => new()
    {
        Reason = RefusalReason.TokenInvalid,
        Code = code,
        Text = $"The token was refused: {description}\nTokens come from {options.TokenEndpoint}.",
        Challenge = ChallengeFor(route, description),
    };

    /// <summary>A token that can't be judged now. No 401: Git would throw away a credential that may be good.</summary>
    public static Refusal KeysUnavailable(string description) =>
        Make(RefusalReason.KeysUnavailable, $"The token can't be checked now: {description}\nTry again in a minute.") with { RetryAfter = TimeSpan.FromSeconds(30) };

    /// <summary>A credential that can't be read.</summary>
    public static Refusal CredentialMalformed(string problem) =>
        Make(RefusalReason.CredentialMalformed, problem + " Nothing in it was looked at.");

    /// <summary>A repository that does not exist or is not for the caller: these two read the same.</summary>
    public static Refusal RepositoryNotFound(AuthenticatedGitRequest request) => Make(
        RefusalReason.RepositoryNotFound,
        $"Repository {request.Request.Route.Repository} does not exist, or the token of {request.Caller.DisplayName} does not open it.\n"
        + $"The token gives: {Name(request.Permissions)}.\n"
        + $"If it should, ask for a token with {NeededFor(request.Request.Route)}.");

    /// <summary>A repository that the caller knows, but not for this.</summary>
    public static Refusal ActionNotAllowed(AuthenticatedGitRequest request, RepositoryAccess access, Decision decision) => new()
    {
        Reason = RefusalReason.ActionNotAllowed,
        Code = decision.Code,
        Text = $"{request.Caller.DisplayName} may not {Verb(request.Request.Route.Service)} {access.Repository}.\n"
            + $"The token allows here: {access.Describe()}.\n"
            + (decision.Rule is { } rule
                ? $"A rule of this server forbids it: {rule.Text}."
                : $"To do this, ask for a token with {NeededFor(request.Request.Route)}."),
    };

    /// <summary>A push of which some refs are not allowed.</summary>
    public static Refusal RefsNotAllowed(
        AuthorizedGitRequest request,
        ReceivePackRequest push,
        IReadOnlyList<(ReceivePackCommand Command, AccessAction Action, Decision? Decision)> refused)
    {
        var causes = refused.ToDictionary(entry => entry.Command, entry => (entry.Action, entry.Decision));
        var references = new List<ReferenceRefusal>(push.Commands.Length);
        foreach (var command in push.Commands)
        {
            references.Add(causes.TryGetValue(command, out var cause)
                ? new ReferenceRefusal(command, AccessActionWords.Format(cause.Action), CodeOf(cause.Decision), ShortReason(cause.Action, cause.Decision), IsCause: true)
                : Bystander(command));
        }

        return PushRefused(request, push, references, refused[0].Action, refused[0].Decision);
    }

    /// <summary>A push that was refused for what its objects showed.</summary>
    /// <param name="request">The request.</param>
    /// <param name="push">The push.</param>
    /// <param name="references">What is said of each ref, in the order of the commands.</param>
    /// <param name="action">The action that the first offending ref would have needed.</param>
    /// <param name="decision">The decision about it; null where no permission helps.</param>
    public static Refusal PushRefused(
        AuthorizedGitRequest request, ReceivePackRequest push, IReadOnlyList<ReferenceRefusal> references, AccessAction action, Decision? decision)
    {
        const int MaxNamed = 10;
        var causes = references.Where(reference => reference.IsCause).ToList();
        var text = new System.Text.StringBuilder();
        text.Append($"Push to {request.Repository} refused for {request.Caller.DisplayName}; nothing was changed.\n");
        foreach (var cause in causes.Take(MaxNamed))
        {
            text.Append($"  {cause.Command.RawName}: {cause.ShortReason}\n");
        }

        if (causes.Count > MaxNamed)
        {
            text.Append($"  and {causes.Count - MaxNamed} more\n");
        }

        text.Append($"The token allows here: {request.DescribeAccess()}.\n");
        if (decision is { Reason: not DecisionReason.DeniedByRule } && causes[0].Command.Name is { } name)
        {
            text.Append($"To do this, ask for a token with {Needed(request.Repository, name, action)}.");
        }
        else if (decision is { Rule: { } rule })
        {
            text.Append($"A rule of this server forbids it to everyone: {rule.Text}.");
        }

        return new Refusal
        {
            Reason = RefusalReason.RefsNotAllowed,
            Code = causes[0].Code,
            Text = text.ToString().TrimEnd('\n'),
            References = references,
            Push = push,
        };
    }

    /// <summary>A push whose pack is larger than this server takes.</summary>
    public static Refusal PushTooLarge(AuthorizedGitRequest request, ReceivePackRequest push, long maxBytes) => new()
    {
        Reason = RefusalReason.TooLarge,
        Code = RefusalStatus.Code(RefusalReason.TooLarge),
        Text = $"Push to {request.Repository} refused for {request.Caller.DisplayName}; nothing was changed.\n"
            + $"One push may bring {Size(maxBytes)} at most (limits.maxPushBytes).\n"
            + "Push fewer commits at a time, and keep large files out of history.",
        References = [.. push.Commands.Select(command => new ReferenceRefusal(
            command, WordFor(command), RefusalStatus.Code(RefusalReason.TooLarge), "the push is larger than this server takes", IsCause: true))],
        Push = push,
    };

    /// <summary>A push of which it can't be told what it would change.</summary>
    /// <param name="request">The request.</param>
    /// <param name="push">The push.</param>
    /// <param name="shortReason">Why it can't be told.</param>
    public static Refusal PushNotProvable(AuthorizedGitRequest request, ReceivePackRequest push, string shortReason) => PushRefused(
        request,
        push,
        [.. push.Commands.Select(command => new ReferenceRefusal(command, WordFor(command), "not_provable", shortReason, IsCause: true))],
        AccessAction.Update,
        decision: null);

    /// <summary>A push with options, which the server behind would carry out with more than the caller has.</summary>
    public static Refusal PushOptionsNotPassed(AuthorizedGitRequest request, ReceivePackRequest push) => PushRefused(
        request,
        push,
        [.. push.Commands.Select(command => new ReferenceRefusal(
            command, WordFor(command), "push_options_refused", "push options are not passed on to the server behind: push without -o", IsCause: true))],
        AccessAction.Update,
        decision: null);

    /// <summary>A ref that is refused only since another in the same push is.</summary>
    public static ReferenceRefusal Bystander(ReceivePackCommand command) =>
        new(command, WordFor(command), "refused_with_others", "not changed: another ref in this push was refused", IsCause: false);

    /// <summary>An object that is not to be had: the same whether it exists or not.</summary>
    public static Refusal ObjectNotFound(AuthorizedGitRequest request, Portcullis.Git.ObjectId id) => Make(
        RefusalReason.ObjectNotFound,
        $"{id} is reached by no ref of {request.Repository} that {request.Caller.DisplayName} may pull");

    /// <summary>Objects or locks of Git LFS for a ref that the caller may not push to.</summary>
    /// <param name="request">The request.</param>
    /// <param name="reference">The ref that it names; null for none.</param>
    /// <param name="decision">The decision about it.</param>
    /// <param name="what">What was asked for, as the middle of a sentence.</param>
    public static Refusal LfsPushNotAllowed(AuthorizedGitRequest request, RefName? reference, Decision decision, string what) => new()
    {
        Reason = RefusalReason.ActionNotAllowed,
        Code = decision.Code,
        Text = $"{request.Caller.DisplayName} may not {what} {(reference is null ? "any ref" : reference.Value)} of {request.Repository}.\n"
            + $"The token allows here: {request.DescribeAccess()}.\n"
            + (decision.Rule is { } rule
                ? $"A rule of this server forbids it to everyone: {rule.Text}."
                : $"To do this, ask for a token with git:{request.Repository}{(reference is null ? "" : "@" + RefPattern.For(reference))}:push."),
    };

    /// <summary>Objects of Git LFS that a caller who may not pull anything asks for.</summary>
    public static Refusal LfsFetchNotAllowed(AuthorizedGitRequest request, Decision decision) => decision.IsAllowed
        ? Make(RefusalReason.LfsObjectNotFound, $"Repository {request.Repository} does not exist yet.")
        : new()
        {
            Reason = RefusalReason.ActionNotAllowed,
            Code = decision.Code,
            Text = $"{request.Caller.DisplayName} may not fetch from {request.Repository}.\n"
                + $"The token allows here: {request.DescribeAccess()}.\n"
                + $"To do this, ask for a token with git:{request.Repository}:pull.",
        };

    /// <summary>A file that is locked already.</summary>
    /// <param name="owner">Whose lock it is; null where the caller may not see it.</param>
    public static Refusal LockExists(string? owner) => Make(
        RefusalReason.LockExists,
        owner is null ? "The file is locked already, for a ref that you may not see." : $"The file is locked already, by {owner}.");

    /// <summary>A lock that only its owner may take away.</summary>
    /// <param name="owner">Whose it is.</param>
    /// <param name="advice">What to do, without a full stop.</param>
    public static Refusal LockOfAnother(string owner, string advice) =>
        Make(RefusalReason.ActionNotAllowed, $"The lock is {owner}'s.\n{advice}.") with { Code = "lock_of_another" };

    /// <summary>A Git LFS transfer whose credential does not open it.</summary>
    /// <param name="code">The stable code of the check that failed.</param>
    /// <param name="description">What it says, in a sentence.</param>
    public static Refusal TransferRefused(string code, string description) => new()
    {
        Reason = RefusalReason.TransferRefused,
        Code = code,
        Text = $"{description}\nObjects are opened by the header that a batch request gives for each of them: try again, and git-lfs asks for new ones.",
    };

    /// <summary>A request that is no well-formed Git request.</summary>
    public static Refusal ProtocolError(string what) => Make(RefusalReason.ProtocolError, $"This is not a well-formed Git request: {what}");

    /// <summary>A limit exceeded.</summary>
    public static Refusal TooLarge(string what) => Make(RefusalReason.TooLarge, what);

    /// <summary>Too many requests.</summary>
    public static Refusal TooManyRequests(TimeSpan retryAfter) =>
        Make(RefusalReason.TooManyRequests, $"Too many requests. Try again in {Math.Max(1, (int)retryAfter.TotalSeconds)} seconds.") with { RetryAfter = retryAfter };

    /// <summary>No place among the running operations came free.</summary>
    public static Refusal Busy() =>
        Make(RefusalReason.Busy, "This server runs as many Git operations as it may. Try again in a few seconds.") with { RetryAfter = TimeSpan.FromSeconds(5) };

    /// <summary>Lists of refs from servers behind this one take all the memory that they may.</summary>
    public static Refusal TooManyListings() =>
        Make(RefusalReason.Busy, "This server holds as many lists of refs of servers behind it as it has room for. Try again in a few seconds.") with { RetryAfter = TimeSpan.FromSeconds(5) };

    /// <summary>The audit can't be written.</summary>
    public static Refusal AuditUnavailable() =>
        Make(RefusalReason.AuditUnavailable, "This server can't write its audit log, and gives no access without it. Its operator must mend that: portcullis doctor says what is wrong.")
            with { RetryAfter = TimeSpan.FromSeconds(30) };

    /// <summary>The backend could not do it. What it said stays in the server's log.</summary>
    public static Refusal BackendFailed(string requestId) =>
        Make(RefusalReason.BackendFailed, $"The server could not do this. Its log says why, under request {requestId}.");

    /// <summary>A refusal whose text needs no more than itself.</summary>
    public static Refusal Make(RefusalReason reason, string text) => new() { Reason = reason, Code = RefusalStatus.Code(reason), Text = text };

    /// <summary>The word for what a command wants, before anything is known of ancestry.</summary>
    public static string WordFor(ReceivePackCommand command) => command.Kind switch
    {
        ReceivePackCommandKind.Create => "create",
        ReceivePackCommandKind.Delete => "delete",
        _ => "update",
    };

    /// <summary>What stands behind <c>ng</c> for a decision.</summary>
    public static string ShortReason(AccessAction action, Decision? decision) => decision switch
    {
        null => "not a valid ref name",
        { Reason: DecisionReason.DeniedByRule } => $"{AccessActionWords.Format(action)} is forbidden here by a rule",
        _ => $"{AccessActionWords.Format(action)} is not allowed by the token",
    };

    /// <summary>The stable code of a decision, or that of a name that is none.</summary>
    public static string CodeOf(Decision? decision) => decision?.Code ?? "ref_name_invalid";

    private static string Needed(RepositoryPath repository, RefName name, AccessAction action) =>
        $"git:{repository}@{RefPattern.For(name)}:{AccessActionWords.Format(action)}";

    private static string NeededFor(GitRoute route) =>
        $"git:{route.Repository}:{(route.Service == GitService.UploadPack ? "pull" : "push")}";

    private static string Size(long bytes) => bytes % (1 << 20) == 0
        ? $"{bytes >> 20} MiB"
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes:N0} bytes");

    private static string Verb(GitService service) => service == GitService.UploadPack ? "fetch from" : "push to";

    private static string Name(PermissionSet permissions)
    {
        var named = string.Join(' ', permissions.Take(MaxPermissionsNamed));
        return permissions.Count switch
        {
            0 => "nothing",
            <= MaxPermissionsNamed => named,
            _ => $"{named} and {permissions.Count - MaxPermissionsNamed} more",
        };
    }

    private Challenge ChallengeFor(GitRoute? route, string? error = null) =>
        new(options.Realm, options.TokenEndpoint, options.PublicUrl, route is null ? null : NeededFor(route)) { ErrorDescription = error };
}
