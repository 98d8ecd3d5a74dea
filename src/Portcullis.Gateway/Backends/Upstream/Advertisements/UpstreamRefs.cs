using System.Buffers;
using System.Collections.Concurrent;
using Portcullis.Gateway.Backends.Upstream.Connections;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.Names;
using Portcullis.Git.PktLines;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream.Advertisements;

/// <summary>Reads what upstreams say of their repositories: whether they exist, what they can do, their refs. Refs are asked for each time; the rest is kept for a short while.</summary>
internal sealed class UpstreamRefs(TimeProvider time, ListingBudget budget)
{
    // A million refs with names of a hundred characters.
    private const int MaxAdvertisementBytes = 128 << 20;
    private const int MaxKept = 10_000;

    private static readonly TimeSpan s_maxAge = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<RepositoryPath, Entry> kept = [];

    /// <summary>Whether a repository exists.</summary>
    public async ValueTask<bool> ExistsAsync(UpstreamSite site, RepositoryPath repository, CancellationToken cancellationToken) =>
        await FactsAsync(site, repository, cancellationToken) is not null;

    /// <summary>What a repository's server offers for fetches; null where there is no such repository.</summary>
    /// <exception cref="UpstreamException">It could not be had.</exception>
    public async ValueTask<UpstreamFacts?> FactsAsync(UpstreamSite site, RepositoryPath repository, CancellationToken cancellationToken)
    {
        if (kept.TryGetValue(repository, out var entry) && time.GetElapsedTime(entry.ReadAt) < s_maxAge)
        {
            return entry.Facts;
        }

        using var discovered = await DiscoverAsync(site, repository, GitProtocolVersion.V2, cancellationToken);
        return discovered?.Facts;
    }

    /// <summary>The refs that are offered for fetches, as far as they have one of the prefixes, and what the server can do; null where there is no such repository.</summary>
    /// <param name="site">The upstream.</param>
    /// <param name="repository">The repository.</param>
    /// <param name="prefixes">The prefixes; none means every ref.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UpstreamException">They could not be had.</exception>
    public async Task<UpstreamListing?> ReadForFetchAsync(
        UpstreamSite site, RepositoryPath repository, IReadOnlyList<ReadOnlyMemory<byte>> prefixes, CancellationToken cancellationToken)
    {
        if (await FactsAsync(site, repository, cancellationToken) is not { } facts)
        {
            return null;
        }

        if (facts.Version2 is null)
        {
            return await DiscoverAsync(site, repository, GitProtocolVersion.V0, cancellationToken) is { Refs: { } shown } old ? new UpstreamListing(shown, old.Facts, old) : null;
        }

        using var answer = await site.SendAsync(repository, GitService.UploadPack, GitProtocolVersion.V2, Listing(facts, prefixes), cancellationToken);
        if (answer is null)
        {
            kept.TryRemove(repository, out _);
            return null;
        }

        return await HeldAsync(answer, (bytes, share) => new UpstreamListing(RefSnapshotParser.ParseListing(bytes, facts.Format), facts, share));
    }

    /// <summary>Asks for the advertisement for fetches, and keeps what is kept of it; null where there is no such repository.</summary>
    /// <exception cref="UpstreamException">It could not be had.</exception>
    public async Task<UpstreamDiscovery?> DiscoverAsync(
        UpstreamSite site, RepositoryPath repository, GitProtocolVersion protocol, CancellationToken cancellationToken)
    {
        using var answer = await site.DiscoverAsync(repository, GitService.UploadPack, protocol, cancellationToken);
        if (answer is null)
        {
            kept.TryRemove(repository, out _);
            return null;
        }

        var discovery = await HeldAsync(answer, (bytes, share) => protocol == GitProtocolVersion.V2 && IsVersion2(bytes.Span) ? OfVersion2(bytes, share) : OfVersion0(bytes, share));
        if (protocol == GitProtocolVersion.V2)
        {
            Keep(repository, discovery.Facts);
        }

        return discovery;
    }

    /// <summary>Asks for the advertisement for pushes; null where there is no such repository.</summary>
    /// <exception cref="UpstreamException">It could not be had.</exception>
    public async Task<UpstreamPushAdvertisement?> ReadForPushAsync(
        UpstreamSite site, RepositoryPath repository, GitProtocolVersion protocol, CancellationToken cancellationToken)
    {
        using var answer = await site.DiscoverAsync(repository, GitService.ReceivePack, protocol, cancellationToken);
        if (answer is null)
        {
            return null;
        }

        return await HeldAsync(answer, (bytes, share) => new UpstreamPushAdvertisement(RefSnapshotParser.ParseAdvertisementWithCapabilities(bytes), bytes, share));
    }

    /// <summary>Runs a decoder over what an upstream sent: what it can't read is the upstream's fault, and never the client's.</summary>
    /// <exception cref="UpstreamException">It can't be read.</exception>
    public static T Understood<T>(Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (PktLineException exception)
        {
            throw new UpstreamException(UpstreamFailure.Malformed, exception.Message, exception);
        }
    }

    // Reads a list and makes something of it that holds the list's share from then on.
    private async Task<T> HeldAsync<T>(UpstreamAnswer answer, Func<ReadOnlyMemory<byte>, IDisposable, T> decode)
    {
        var share = budget.Begin();
        try
        {
            var bytes = await answer.ReadToEndAsync(MaxAdvertisementBytes, share);
            return Understood(() => decode(bytes, share));
        }
        catch
        {
            share.Dispose();
            throw;
        }
    }

    private static bool IsVersion2(ReadOnlySpan<byte> advertisement)
    {
        if (PktLineReader.TryRead(ref advertisement, out var kind, out var payload) && kind == PktLineKind.Data && payload.StartsWith("# service="u8))
        {
            return PktLineReader.TryRead(ref advertisement, out kind, out _) && kind == PktLineKind.Flush
                && PktLineReader.TryRead(ref advertisement, out kind, out payload) && IsVersion2Line(kind, payload);
        }

        return IsVersion2Line(kind, payload);
    }

    private static bool IsVersion2Line(PktLineKind kind, ReadOnlySpan<byte> payload) =>
        kind == PktLineKind.Data && payload is [.. var text, (byte)'\n'] && text.SequenceEqual("version 2"u8);

    private static UpstreamDiscovery OfVersion2(ReadOnlyMemory<byte> bytes, IDisposable share)
    {
        var capabilities = CapabilityAdvertisement.Parse(bytes.Span);
        return new UpstreamDiscovery(new UpstreamFacts(capabilities, CapabilityList.Empty, capabilities.ObjectFormat), null, share);
    }

    private static UpstreamDiscovery OfVersion0(ReadOnlyMemory<byte> bytes, IDisposable share)
    {
        var advertisement = RefSnapshotParser.ParseAdvertisementWithCapabilities(bytes);
        return new UpstreamDiscovery(new UpstreamFacts(null, advertisement.Capabilities, advertisement.Refs.Format), advertisement.Refs, share);
    }

    private static ReadOnlyMemory<byte> Listing(UpstreamFacts facts, IReadOnlyList<ReadOnlyMemory<byte>> prefixes)
    {
        var request = new ArrayBufferWriter<byte>(256);
        request.WriteText("command=ls-refs");
        if (facts.Version2!.TryGetValue("object-format", out _))
        {
            request.WriteText("object-format=" + (facts.Format == ObjectFormat.Sha256 ? "sha256" : "sha1"));
        }

        request.WriteDelim();
        request.WriteText("peel");
        request.WriteText("symrefs");
        if (facts.Version2.TryGetValue("ls-refs", out var features) && features.Split(' ').Contains("unborn"))
        {
            request.WriteText("unborn");
        }

        foreach (var prefix in prefixes)
        {
            request.WriteData([.. "ref-prefix "u8, .. prefix.Span, (byte)'\n']);
        }

        request.WriteFlush();
        return request.WrittenMemory;
    }

    private void Keep(RepositoryPath repository, UpstreamFacts facts)
    {
        if (kept.Count >= MaxKept)
        {
            kept.Clear();
        }

        kept[repository] = new Entry(time.GetTimestamp(), facts);
    }

    private sealed record Entry(long ReadAt, UpstreamFacts Facts);
}
