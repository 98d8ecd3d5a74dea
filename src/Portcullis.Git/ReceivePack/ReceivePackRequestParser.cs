using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using Portcullis.Git.Advertisements;
using Portcullis.Git.Names;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.ReceivePack;

/// <summary>Follows <c>read_head_info</c> and <c>read_push_options</c> in receive-pack.c, line by line.</summary>
internal sealed class ReceivePackRequestParser(ReceivePackLimits limits)
{
    private readonly ArrayBufferWriter<byte> _raw = new(512);
    private readonly ImmutableArray<ReceivePackCommand>.Builder _commands = ImmutableArray.CreateBuilder<ReceivePackCommand>();
    private readonly ImmutableArray<ObjectId>.Builder _shallow = ImmutableArray.CreateBuilder<ObjectId>();
    private readonly ImmutableArray<string>.Builder _pushOptions = ImmutableArray.CreateBuilder<string>();
    private CapabilityList? _capabilities;
    private Range _capabilityLine = ..0;
    private ObjectFormat _format;
    private PushCertificate? _certificate;
    private ArrayBufferWriter<byte>? _openCertificate;

    public async ValueTask<ReceivePackRequest> ReadAsync(PktLineStream lines, CancellationToken cancellationToken)
    {
        while (await ReadLineAsync(lines, cancellationToken).ConfigureAwait(false) is { } line)
        {
            AddLine(line);
        }

        if (_openCertificate is not null)
        {
            throw PktLineException.Unexpected("The push certificate is not complete.");
        }

        RefuseDuplicates();
        if (_commands.Count > 0 && _shallow.Any(id => id.Format != _format))
        {
            throw PktLineException.Unexpected("A shallow line names an object of another format.");
        }

        // Git reads options only when there are commands.
        if (_commands.Count > 0 && _capabilities is not null && _capabilities.Contains("push-options"))
        {
            while (await ReadLineAsync(lines, cancellationToken).ConfigureAwait(false) is { } line)
            {
                AddPushOption(line);
            }
        }

        lines.Release();
        return new(
            _raw.WrittenMemory, _capabilityLine, _commands.DrainToImmutable(), _capabilities ?? CapabilityList.Empty, _shallow.DrainToImmutable(),
            _pushOptions.DrainToImmutable(), _certificate);
    }

    /// <summary>Copies the next line and gives its payload; null for the flush at the end of a section.</summary>
    private async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(PktLineStream lines, CancellationToken cancellationToken)
    {
        var line = await lines.ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw PktLineException.CutShort();
        if (line.WireLength > limits.MaxBytes - _raw.WrittenCount)
        {
            throw PktLineException.TooLong();
        }

        if (line.Kind == PktLineKind.Flush)
        {
            _raw.WriteFlush();
            return null;
        }

        if (line.Kind != PktLineKind.Data)
        {
            throw PktLineException.Unexpected("Only data and flush packets have a place in a push.");
        }

        var length = line.WireLength;
        var span = _raw.GetSpan(length);
        PktLineWriter.WriteHeader(span, length);
        line.Payload.CopyTo(span[PktLine.HeaderLength..]);
        _raw.Advance(length);
        return _raw.WrittenMemory[^(length - PktLine.HeaderLength)..];
    }

    private void AddLine(ReadOnlyMemory<byte> payload)
    {
        if (_openCertificate is not null)
        {
            AddCertificateLine(payload.Span);
            return;
        }

        var line = payload.Span is [.., (byte)'\n'] ? payload.Span[..^1] : payload.Span;
        if (ReceivePackLineParser.TryParseShallow(line, out var id))
        {
            _shallow.Add(id);
            return;
        }

        var nul = line.IndexOf((byte)0);
        if (nul >= 0)
        {
            // Git would take capabilities from any line; a second set is only a way to be read differently.
            if (_capabilities is not null || _commands.Count > 0)
            {
                throw PktLineException.Unexpected("Only the first command carries capabilities.");
            }

            _capabilities = CapabilityList.Parse(line[(nul + 1)..]);
            _format = _capabilities.ObjectFormat();
            _capabilityLine = (_raw.WrittenCount - payload.Length - PktLine.HeaderLength).._raw.WrittenCount;
            line = line[..nul];
        }

        if (line.SequenceEqual("push-cert"u8))
        {
            if (_certificate is not null || _commands.Count > 0)
            {
                throw PktLineException.Unexpected("A push has either one certificate or commands.");
            }

            _openCertificate = new();
            return;
        }

        if (_certificate is not null)
        {
            throw PktLineException.Unexpected("A push has either one certificate or commands.");
        }

        if (_commands.Count == limits.MaxCommands)
        {
            throw PktLineException.TooLong();
        }

        _commands.Add(ReceivePackLineParser.ParseCommand(line, _format));
    }

    private void AddCertificateLine(ReadOnlySpan<byte> payload)
    {
        if (!payload.SequenceEqual("push-cert-end\n"u8))
        {
            _openCertificate!.Write(payload);
            return;
        }

        _certificate = PushCertificateParser.Parse(_openCertificate!.WrittenMemory, _format, limits.MaxCommands);
        _commands.AddRange(_certificate.Commands);
        _openCertificate = null;
    }

    private void AddPushOption(ReadOnlyMemory<byte> payload)
    {
        var option = payload.Span is [.., (byte)'\n'] ? payload.Span[..^1] : payload.Span;
        if (_pushOptions.Count == limits.MaxPushOptions)
        {
            throw PktLineException.TooLong();
        }

        // Options reach hooks as environment variables, and people as text.
        if (option.ContainsAnyInRange((byte)0, (byte)0x1f) || option.Contains((byte)0x7f) || !Utf8.IsValid(option))
        {
            throw PktLineException.Unexpected("A push option is not one line of text.");
        }

        _pushOptions.Add(Encoding.UTF8.GetString(option));
    }

    private void RefuseDuplicates()
    {
        if (_commands.Count < 2)
        {
            return;
        }

        var seen = new HashSet<RefName>(_commands.Count);
        foreach (var command in _commands)
        {
            if (command.Name is not null && !seen.Add(command.Name))
            {
                throw PktLineException.Unexpected("The push names one ref twice.");
            }
        }
    }
}
