using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.PktLines;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.PackCache;

/// <summary>Names a fetch: equal names mean that git's answer to the one is an answer to the other.</summary>
internal static class FetchKey
{
    /// <summary>Names a request, as git gets it, to a repository in one state.</summary>
    /// <param name="state">A name of the repository's refs and configuration that no other state of any repository ever has.</param>
    /// <param name="seesEveryRef">Whether the caller does: how an answer was made can tell of refs that another does not see.</param>
    /// <param name="version">The protocol version.</param>
    /// <param name="body">The whole request, what the caller may not have taken out already.</param>
    /// <returns>
    /// Null for what is not worth keeping: rounds of a negotiation that bring no pack, other commands, and whatever can't be read, which is git's to judge.
    /// </returns>
    public static string? Of(string state, bool seesEveryRef, GitProtocolVersion version, ReadOnlyMemory<byte> body)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            Add(hash, Encoding.UTF8.GetBytes(state));
            Add(hash, [(byte)version, (byte)(seesEveryRef ? 1 : 0)]);
            return (version == GitProtocolVersion.V2 ? TryAddVersion2(hash, body) : TryAddVersion0(hash, body))
                ? Convert.ToHexStringLower(hash.GetHashAndReset())
                : null;
        }
        catch (PktLineException)
        {
            return null;
        }
    }

    private static bool TryAddVersion2(IncrementalHash hash, ReadOnlyMemory<byte> body)
    {
        var command = CommandRequest.Parse(body);
        if (command.Command != "fetch" || !BringsPack(FetchRequest.Parse(command)))
        {
            return false;
        }

        foreach (var capability in command.Capabilities)
        {
            // Who asks, and the client's own name for its session: git writes them to its trace.
            if (!capability.StartsWith("agent=", StringComparison.Ordinal) && !capability.StartsWith("session-id=", StringComparison.Ordinal))
            {
                Add(hash, Encoding.UTF8.GetBytes(capability));
            }
        }

        Add(hash, default);
        foreach (var argument in command.Arguments)
        {
            Add(hash, argument.Span is [.. var line, (byte)'\n'] ? line : argument.Span);
        }

        return true;
    }

    private static bool TryAddVersion0(IncrementalHash hash, ReadOnlyMemory<byte> body)
    {
        var fetch = FetchRequest.ParseV0(body);
        if (!BringsPack(fetch))
        {
            return false;
        }

        var output = new ArrayBufferWriter<byte>(body.Length);
        fetch.With(static line => line, fetch.Capabilities.Without("agent").Without("session-id")).WriteTo(output);
        Add(hash, output.WrittenSpan);
        return true;
    }

    private static bool BringsPack(FetchRequest fetch) => !fetch.IsEmpty && (fetch.IsDone || !fetch.Haves.Any());

    private static void Add(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }
}
