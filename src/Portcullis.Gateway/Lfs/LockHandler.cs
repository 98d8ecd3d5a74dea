using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Portcullis.Access;
using Portcullis.Audit;
using Portcullis.Gateway.Auditing;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Lfs;

/// <summary>
/// Makes, lists and takes away locks (git-lfs, docs/api/locking.md). A lock belongs to the subject of the token that it was made with. It is shown to its owner and
/// to whoever may see the ref that it was made for.
/// </summary>
internal sealed class LockHandler(ILfsBackend backend, TimeProvider time)
{
    private const int MaxPage = 1000;
    private const int DefaultPage = 100;

    /// <summary>Lists locks.</summary>
    public async Task<BackendOutcome> ListAsync(AuthorizedGitRequest request, GitResponse response)
    {
        var query = request.Request.Route.LockQuery!;
        var visible = (await VisibleAsync(request))
            .Where(held => (query.Path is null || held.Path == query.Path) && (query.Id is null || held.Id == query.Id))
            .ToList();
        var (page, next) = PageOf(visible, query.Cursor, query.Limit);
        LfsAnswer.Write(response, json =>
        {
            WriteLocks(json, "locks", page);
            WriteNext(json, next);
        });
        return BackendOutcome.Served;
    }

    /// <summary>Lists the locks that bear upon a push: the caller's own, and those of others.</summary>
    public async Task<BackendOutcome> ListForPushAsync(AuthorizedGitRequest request, GitResponse response)
    {
        var asked = LfsVerifyLocksRequest.Parse((await LfsBody.ReadAsync(request)).Span);
        if (UploadDecision.Decide(request, asked.Reference, "push to") is { Refusal: { } refusal })
        {
            return BackendOutcome.Refused(refusal);
        }

        var (page, next) = PageOf(await VisibleAsync(request), asked.Cursor, asked.Limit);
        LfsAnswer.Write(response, json =>
        {
            WriteLocks(json, "ours", page.Where(held => IsOwner(request, held)));
            WriteLocks(json, "theirs", page.Where(held => !IsOwner(request, held)));
            WriteNext(json, next);
        });
        return BackendOutcome.Served;
    }

    /// <summary>Makes a lock.</summary>
    public async Task<BackendOutcome> LockAsync(AuthorizedGitRequest request, GitTrail trail, GitResponse response)
    {
        var asked = LfsLockRequest.Parse((await LfsBody.ReadAsync(request)).Span);
        trail.LockedPath = asked.Path;
        if (UploadDecision.Decide(request, asked.Reference, "lock files for") is { Refusal: { } refusal })
        {
            return BackendOutcome.Refused(refusal) with { References = ChangeOf(asked.Reference, "lock", AuditOutcome.Refused, refusal.Code) };
        }

        if (!request.RepositoryExists)
        {
            return BackendOutcome.Refused(RefusalTexts.Make(RefusalReason.LockNotFound, "The repository does not exist yet: push to it first."));
        }

        var (held, isMade) = await backend.LockAsync(request, new LfsLock
        {
            Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
            Path = asked.Path,
            Reference = asked.Reference,
            LockedAt = time.GetUtcNow(),
            Owner = request.Caller.Subject,
            OwnerIssuer = request.Caller.Issuer,
        });
        if (!isMade)
        {
            // Whoever may not see the lock learns that the file is taken, without which it would not be a lock; not by whom, nor for which ref.
            var isVisible = IsVisible(request, held);
            return BackendOutcome.Refused(RefusalTexts.LockExists(isVisible ? held.Owner : null) with { LockJson = isVisible ? JsonOf(held) : null });
        }

        LfsAnswer.Write(response, json => WriteLock(json, held), StatusCodes.Status201Created);
        return BackendOutcome.Served with { References = ChangeOf(asked.Reference, "lock", AuditOutcome.Allowed, null) };
    }

    /// <summary>Takes a lock away.</summary>
    public async Task<BackendOutcome> UnlockAsync(AuthorizedGitRequest request, GitTrail trail, GitResponse response)
    {
        var asked = LfsUnlockRequest.Parse((await LfsBody.ReadAsync(request)).Span);
        var held = (await VisibleAsync(request)).FirstOrDefault(candidate => candidate.Id == request.Request.Route.LockId);
        if (held is null)
        {
            return BackendOutcome.Refused(LockNotFound());
        }

        trail.LockedPath = held.Path;
        var isOwner = IsOwner(request, held);
        if ((isOwner ? null : DecideForce(request, held, asked.Force)) is { } refusal)
        {
            return BackendOutcome.Refused(refusal) with { References = ChangeOf(held.Reference, "unlock", AuditOutcome.Refused, refusal.Code) };
        }

        if (!await backend.UnlockAsync(request, held))
        {
            return BackendOutcome.Refused(LockNotFound());
        }

        LfsAnswer.Write(response, json => WriteLock(json, held));
        return BackendOutcome.Served with { References = ChangeOf(held.Reference, isOwner ? "unlock" : "force-unlock", AuditOutcome.Allowed, null) };
    }

    // What overrides another's work on a ref is "force" there, for locks as for commits. The lock's own ref counts, not the one that the request names.
    private static Refusal? DecideForce(AuthorizedGitRequest request, LfsLock held, bool isForced)
    {
        if (!isForced)
        {
            return RefusalTexts.LockOfAnother(held.Owner, "Use git lfs unlock --force to take it away");
        }

        var decision = held.Reference is { } reference && RefName.TryParse(reference, out var name)
            ? request.Decide(AccessAction.Force, name)
            : request.DecideOnAnyRef(AccessAction.Force);
        return decision.IsAllowed && (held.Reference is not null || request.SeesEveryRef)
            ? null
            : RefusalTexts.LockOfAnother(
                held.Owner,
                $"The token allows here: {request.DescribeAccess()}. To take it away, ask for a token with git:{request.Repository}"
                    + (held.Reference is { } needed && RefName.TryParse(needed, out var neededName) ? "@" + RefPattern.For(neededName) : "") + ":force") with
            {
                Code = decision.IsAllowed ? "ref_not_matched" : decision.Code,
            };
    }

    private async Task<IReadOnlyList<LfsLock>> VisibleAsync(AuthorizedGitRequest request) =>
        request.RepositoryExists ? [.. (await backend.ListLocksAsync(request)).Where(held => IsVisible(request, held))] : [];

    private static bool IsOwner(AuthorizedGitRequest request, LfsLock held) =>
        held.Owner == request.Caller.Subject && held.OwnerIssuer == request.Caller.Issuer;

    private static bool IsVisible(AuthorizedGitRequest request, LfsLock held) =>
        request.SeesEveryRef
        || IsOwner(request, held)
        || (held.Reference is { } reference && RefName.TryParse(reference, out var name) && request.IsVisible(name));

    private static (IReadOnlyList<LfsLock> Page, string? Next) PageOf(IReadOnlyList<LfsLock> locks, string? cursor, long? limit)
    {
        var size = (int)Math.Clamp(limit ?? DefaultPage, 1, MaxPage);
        var start = 0;
        if (cursor is not null && (!int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out start) || start > locks.Count))
        {
            throw new LfsFormatException(LfsProblem.Malformed, "The cursor is none that this server gave.");
        }

        // From the end, so that a lock that is made meanwhile shifts no page: locks stand newest first, and the cursor counts the older ones.
        var from = cursor is null ? 0 : locks.Count - start;
        var page = locks.Skip(from).Take(size).ToList();
        var rest = locks.Count - from - page.Count;
        return (page, rest > 0 ? rest.ToString(CultureInfo.InvariantCulture) : null);
    }

    private static Refusal LockNotFound() =>
        RefusalTexts.Make(RefusalReason.LockNotFound, "There is no such lock, or it was made for a ref that you may not see.");

    private static IReadOnlyList<AuditRefChange> ChangeOf(string? reference, string change, AuditOutcome outcome, string? code) =>
        reference is null ? [] : [new AuditRefChange { Name = reference, Change = change, Outcome = outcome, Reason = code }];

    private static string JsonOf(LfsLock held)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            WriteMembers(json, held);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteLock(Utf8JsonWriter json, LfsLock held)
    {
        json.WritePropertyName("lock");
        WriteMembers(json, held);
    }

    private static void WriteLocks(Utf8JsonWriter json, string name, IEnumerable<LfsLock> locks)
    {
        json.WriteStartArray(name);
        foreach (var held in locks)
        {
            WriteMembers(json, held);
        }

        json.WriteEndArray();
    }

    private static void WriteMembers(Utf8JsonWriter json, LfsLock held)
    {
        json.WriteStartObject();
        json.WriteString("id", held.Id);
        json.WriteString("path", held.Path);
        json.WriteString("locked_at", held.LockedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        json.WriteStartObject("owner");
        json.WriteString("name", held.Owner);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteNext(Utf8JsonWriter json, string? next)
    {
        if (next is not null)
        {
            json.WriteString("next_cursor", next);
        }
    }
}
