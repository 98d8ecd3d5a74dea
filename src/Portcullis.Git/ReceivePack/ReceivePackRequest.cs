using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Portcullis.Git.Advertisements;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.ReceivePack;

/// <summary>Everything of a push that stands before its pack (gitprotocol-pack "Reference Update Request and Packfile Transfer").</summary>
public sealed class ReceivePackRequest
{
    private readonly ReadOnlyMemory<byte> _raw;
    private readonly Range _capabilityLine;

    internal ReceivePackRequest(
        ReadOnlyMemory<byte> raw,
        Range capabilityLine,
        ImmutableArray<ReceivePackCommand> commands,
        CapabilityList capabilities,
        ImmutableArray<ObjectId> shallow,
        ImmutableArray<string> pushOptions,
        PushCertificate? certificate)
    {
        _raw = raw;
        _capabilityLine = capabilityLine;
        Commands = commands;
        Capabilities = capabilities;
        Shallow = shallow;
        PushOptions = pushOptions;
        Certificate = certificate;
    }

    /// <summary>The commands in their order, those of a certificate included; each ref at most once. Empty for the probe that git sends before a large push.</summary>
    public ImmutableArray<ReceivePackCommand> Commands { get; }

    /// <summary>What the client asks for: <c>report-status</c>, <c>side-band-64k</c>, <c>atomic</c>, …</summary>
    public CapabilityList Capabilities { get; }

    /// <summary>The commits at which the client's history is cut.</summary>
    public ImmutableArray<ObjectId> Shallow { get; }

    /// <summary>The push options, each one line of text.</summary>
    public ImmutableArray<string> PushOptions { get; }

    /// <summary>The push certificate; null when the push isn't signed.</summary>
    public PushCertificate? Certificate { get; }

    /// <summary>Whether a pack follows: some command does not delete.</summary>
    public bool HasPack => Commands.Any(command => command.Kind != ReceivePackCommandKind.Delete);

    /// <summary>Length of the request before the pack, in bytes as it was received.</summary>
    public int WireLength => _raw.Length;

    /// <summary>
    /// Reads the request up to its pack and leaves the pipe at the pack's first byte. Refused besides what isn't the protocol: a ref named twice, capabilities anywhere but on
    /// the first line, anything but a flush as the end of a section.
    /// </summary>
    /// <param name="lines">The body.</param>
    /// <param name="limits">How much is read; <see cref="ReceivePackLimits.Default"/> when null.</param>
    /// <param name="cancellationToken">Stops waiting for the client.</param>
    /// <returns>The request.</returns>
    /// <exception cref="PktLineException">The body isn't such a request, is cut short or too long.</exception>
    public static ValueTask<ReceivePackRequest> ReadAsync(PktLineStream lines, ReceivePackLimits? limits = null, CancellationToken cancellationToken = default) =>
        new ReceivePackRequestParser(limits ?? ReceivePackLimits.Default).ReadAsync(lines, cancellationToken);

    /// <summary>Writes the request as it was received, byte for byte.</summary>
    /// <param name="output">Where to.</param>
    public void WriteTo(IBufferWriter<byte> output) => output.Write(_raw.Span);

    /// <summary>Writes the request with other capabilities, everything else byte for byte as it was received.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="capabilities">The capabilities. <c>push-options</c> and <c>object-format</c> must stay as they are: they decide how the rest is read.</param>
    /// <exception cref="ArgumentException">The capabilities change how the rest is read.</exception>
    public void WriteTo(IBufferWriter<byte> output, CapabilityList capabilities)
    {
        ArgumentNullException.ThrowIfNull(capabilities);
        if (capabilities.Contains("push-options") != Capabilities.Contains("push-options") || capabilities.ObjectFormat() != Capabilities.ObjectFormat())
        {
            throw new ArgumentException("push-options and object-format can't be changed.", nameof(capabilities));
        }

        var (start, length) = _capabilityLine.GetOffsetAndLength(_raw.Length);
        if (length == 0)
        {
            WriteTo(output);
            return;
        }

        var line = _raw.Span.Slice(start + PktLine.HeaderLength, length - PktLine.HeaderLength);
        line = line[..line.IndexOf((byte)0)];
        output.Write(_raw.Span[..start]);
        output.WriteData([.. line, 0, (byte)' ', .. Encoding.UTF8.GetBytes(capabilities.ToString())]);
        output.Write(_raw.Span[(start + length)..]);
    }
}
