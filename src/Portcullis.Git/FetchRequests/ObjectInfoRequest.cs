using System.Collections.Immutable;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.FetchRequests;

/// <summary>The arguments of the command <c>object-info</c> (gitprotocol-v2 "object-info"; protocol-caps.c).</summary>
/// <param name="Size">Whether the sizes are asked for.</param>
/// <param name="Ids">The objects asked about.</param>
public sealed record ObjectInfoRequest(bool Size, ImmutableArray<ObjectId> Ids)
{
    /// <summary>Reads the arguments of a request.</summary>
    /// <param name="request">A request whose command is <c>object-info</c>.</param>
    /// <returns>The arguments.</returns>
    /// <exception cref="PktLineException">An argument is unknown or names no object of the request's format.</exception>
    /// <exception cref="ArgumentException">The command is another.</exception>
    public static ObjectInfoRequest Parse(CommandRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Command != "object-info")
        {
            throw new ArgumentException("The command is not object-info.", nameof(request));
        }

        var size = false;
        var ids = ImmutableArray.CreateBuilder<ObjectId>();
        foreach (var argument in request.Arguments)
        {
            var line = PktLineText.Of(argument.Span);
            if (line.SequenceEqual("size"u8))
            {
                size = true;
            }
            else if (line.StartsWith("oid "u8) && ObjectId.TryParse(line["oid ".Length..], out var id) && id.Format == request.ObjectFormat)
            {
                ids.Add(id);
            }
            else
            {
                throw PktLineException.Unexpected("An argument of object-info is unknown.");
            }
        }

        return new(size, ids.DrainToImmutable());
    }
}
