using System.Collections.Immutable;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.FetchRequests;

/// <summary>The arguments of the command <c>ls-refs</c> (gitprotocol-v2 "ls-refs"; <c>ls_refs</c> in ls-refs.c).</summary>
public sealed class LsRefsRequest
{
    // TOO_MANY_PREFIXES in ls-refs.c: from here on git answers as if there were none.
    private const int TooManyPrefixes = 65536;

    private LsRefsRequest(bool peel, bool symrefs, bool unborn, ImmutableArray<ReadOnlyMemory<byte>> prefixes, CommandRequest? source)
    {
        Source = source;
        Peel = peel;
        Symrefs = symrefs;
        Unborn = unborn;
        Prefixes = prefixes;
    }

    /// <summary>The request as the client sent it; null for one that was made here.</summary>
    public CommandRequest? Source { get; }

    /// <summary>Whether the objects behind annotated tags are asked for.</summary>
    public bool Peel { get; }

    /// <summary>Whether the targets of symbolic refs are asked for.</summary>
    public bool Symrefs { get; }

    /// <summary>Whether an unborn <c>HEAD</c> is asked for; it is shown only together with <see cref="Symrefs"/>.</summary>
    public bool Unborn { get; }

    /// <summary>The prefixes, of which a ref must have one; none means every ref.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Prefixes { get; }

    /// <summary>Every ref with everything that is known of it.</summary>
    public static LsRefsRequest Everything { get; } = new(peel: true, symrefs: true, unborn: true, [], null);

    /// <summary>Reads the arguments of a request.</summary>
    /// <param name="request">A request whose command is <c>ls-refs</c>.</param>
    /// <returns>The arguments; the prefixes are parts of the request's body.</returns>
    /// <exception cref="PktLineException">An argument is unknown.</exception>
    /// <exception cref="ArgumentException">The command is another.</exception>
    public static LsRefsRequest Parse(CommandRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Command != "ls-refs")
        {
            throw new ArgumentException("The command is not ls-refs.", nameof(request));
        }

        var (peel, symrefs, unborn) = (false, false, false);
        var prefixes = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        foreach (var argument in request.Arguments)
        {
            var line = PktLineText.Of(argument.Span);
            if (line.StartsWith("ref-prefix "u8))
            {
                prefixes.Add(argument["ref-prefix ".Length..line.Length]);
                continue;
            }

            if (line.SequenceEqual("peel"u8))
            {
                peel = true;
            }
            else if (line.SequenceEqual("symrefs"u8))
            {
                symrefs = true;
            }
            else if (line.SequenceEqual("unborn"u8))
            {
                unborn = true;
            }
            else
            {
                throw PktLineException.Unexpected("An argument of ls-refs is unknown.");
            }
        }

        return new(peel, symrefs, unborn, prefixes.Count >= TooManyPrefixes ? [] : prefixes.DrainToImmutable(), request);
    }
}
