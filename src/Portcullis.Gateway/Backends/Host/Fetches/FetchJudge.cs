using System.Buffers;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Host.Fetches;

/// <summary>
/// Judges a fetch by a caller who does not see every ref, and writes out the request that git may see: wants that visible
/// refs reach or none, and of what the client has, only what it may know to exist here.
/// </summary>
/// <remarks>
/// git's <c>transfer.hideRefs</c> does not do it: with protocol version 2, upload-pack serves any object that exists,
/// acknowledges any that exists, and sends every annotated tag of an object that it sends.
/// </remarks>
internal sealed class FetchJudge(GatewayOptions options)
{
    /// <summary>Judges a request. Exactly one of the results is not null.</summary>
    public async Task<(ReadOnlyMemory<byte>? Rewritten, Refusal? Refusal)> JudgeAsync(AuthorizedGitRequest request, IRepositoryHistory history)
    {
        if (await BodyReader.ReadAsync(request.Request.Body.Reader, options.MaxFetchRequestBytes, request.Ended) is not { } body)
        {
            return (null, RefusalTexts.TooLarge($"A request for a fetch may hold {options.MaxFetchRequestBytes >> 20} MiB at most."));
        }

        FetchRequest fetch;
        if (request.Request.Protocol == GitProtocolVersion.V2)
        {
            var command = CommandRequest.Parse(body);
            if (command.IsProbe)
            {
                return (body, null);
            }

            if (command.Command != "fetch")
            {
                return (null, RefusalTexts.ProtocolError("of the commands of protocol version 2, a caller who does not see every ref is served ls-refs and fetch."));
            }

            fetch = FetchRequest.Parse(command);
        }
        else
        {
            fetch = FetchRequest.ParseV0(body);
        }

        var snapshot = await history.ReadRefsAsync(request.Ended);
        var visible = snapshot.ForFetch(request);
        var tips = VisibleTips.Of(visible, static _ => true);
        if (await CheckAsync(request, history, fetch, visible, tips) is { } refusal)
        {
            return (null, refusal);
        }

        var seesEveryTag = visible.WithPrefix("refs/tags/"u8).Length == snapshot.WithPrefix("refs/tags/"u8).Length;
        return (await RewriteAsync(request, history, fetch, visible, seesEveryTag, tips), null);
    }

    private async Task<Refusal?> CheckAsync(
        AuthorizedGitRequest request, IRepositoryHistory history, FetchRequest fetch, RefSnapshot visible, IReadOnlySet<ObjectId> tips)
    {
        if (fetch.Filter is { } filter && filter.Contains("sparse", StringComparison.Ordinal))
        {
            return RefusalTexts.ProtocolError("the filter 'sparse' reads an object of the repository, and is not served to a caller who does not see every ref.");
        }

        foreach (var line in fetch.Lines)
        {
            if ((line.Kind == FetchLineKind.WantRef && visible.Find(line.Argument) is null)
                || (line.Kind == FetchLineKind.DeepenNot && AbbreviatedName.Resolve(line.Argument, visible) is null))
            {
                return RefusalTexts.Make(
                    RefusalReason.ObjectNotFound, $"{request.Repository} has no ref '{Printable(line.Argument)}' that {request.Caller.DisplayName} may pull");
            }
        }

        var unproved = fetch.Wants.ToHashSet();
        await history.RemoveReachableAsync(tips, unproved, ObjectWalk.Objects, request.Ended);
        return unproved.Count == 0 ? null : RefusalTexts.ObjectNotFound(request, fetch.Wants.First(unproved.Contains));
    }

    private async Task<ReadOnlyMemory<byte>> RewriteAsync(
        AuthorizedGitRequest request, IRepositoryHistory history, FetchRequest fetch, RefSnapshot visibleRefs, bool seesEveryTag, IReadOnlySet<ObjectId> tips)
    {
        var unknown = fetch.Lines.Where(line => line.Kind is FetchLineKind.Have or FetchLineKind.Shallow).Select(line => line.Id).ToHashSet();
        await history.RemoveReachableAsync(tips, unknown, ObjectWalk.Commits, request.Ended);
        var visible = fetch.With(
            line => line.Kind switch
            {
                FetchLineKind.Shallow => unknown.Contains(line.Id) ? null : line,

                // In its place one that never exists: a request without haves asks for the pack at once (upload-pack.c).
                FetchLineKind.Have => unknown.Contains(line.Id) ? FetchLine.Have(ObjectId.Zero(line.Id.Format)) : line,

                // git would add the tags of hidden refs, too; the client asks again for those that it is shown.
                FetchLineKind.Option => seesEveryTag || line.Argument != "include-tag" ? line : null,

                // By its full name: an abbreviated one could mean a hidden ref, too.
                FetchLineKind.DeepenNot => FetchLine.DeepenNot(AbbreviatedName.Resolve(line.Argument, visibleRefs)!),

                // Bundled packs are made for whoever sees everything.
                FetchLineKind.PackfileUris => null,
                _ => line,
            },
            seesEveryTag ? fetch.Capabilities : fetch.Capabilities.Without("include-tag"));
        var output = new ArrayBufferWriter<byte>();
        visible.WriteTo(output);
        return output.WrittenMemory;
    }

    private static string Printable(string text) =>
        new([.. text.Take(200).Select(character => character is < ' ' or > '~' ? '?' : character)]);
}
