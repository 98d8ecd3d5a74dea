using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.ReceivePack;

/// <summary>Reads push certificates so that nobody can see other commands in them than git does (<c>queue_commands_from_cert</c> in receive-pack.c).</summary>
internal static class PushCertificateParser
{
    public static PushCertificate Parse(ReadOnlyMemory<byte> text, ObjectFormat format, int maxCommands)
    {
        var bytes = text.Span;
        if (bytes.Contains((byte)0) || !Utf8.IsValid(bytes) || bytes is not [.., (byte)'\n'])
        {
            throw PktLineException.Unexpected("The push certificate is not lines of text.");
        }

        string? pusher = null;
        string? pushee = null;
        string? nonce = null;
        var options = ImmutableArray.CreateBuilder<string>();
        var position = 0;
        var isFirst = true;
        while (true)
        {
            // Git takes the first empty line for the end of the header, wherever it stands.
            var line = NextLine(bytes, ref position);
            if (line.IsEmpty)
            {
                break;
            }

            if (isFirst != line.StartsWith("certificate version "u8))
            {
                throw PktLineException.Unexpected("The push certificate does not start with its version.");
            }

            isFirst = false;
            ReadHeader(line, "pusher "u8, ref pusher);
            ReadHeader(line, "pushee "u8, ref pushee);
            ReadHeader(line, "nonce "u8, ref nonce);
            if (line.StartsWith("push-option "u8))
            {
                options.Add(Encoding.UTF8.GetString(line["push-option "u8.Length..]));
            }
        }

        var commands = ImmutableArray.CreateBuilder<ReceivePackCommand>();
        int signedLength;
        while (true)
        {
            signedLength = position;
            var line = NextLine(bytes, ref position);
            if (IsSignatureStart(line))
            {
                break;
            }

            if (commands.Count == maxCommands)
            {
                throw PktLineException.TooLong();
            }

            commands.Add(ReceivePackLineParser.ParseCommand(line, format));
        }

        // Git lets the last signature begin decide (parse_signed_buffer in gpg-interface.c), so there may be only one.
        while (position < bytes.Length)
        {
            if (IsSignatureStart(NextLine(bytes, ref position)))
            {
                throw PktLineException.Unexpected("The push certificate holds more than one signature.");
            }
        }

        return isFirst || pusher is null || commands.Count == 0
            ? throw PktLineException.Unexpected("The push certificate is not complete.")
            : new(text, signedLength, pusher, pushee, nonce, options.ToImmutable(), commands.ToImmutable());
    }

    private static ReadOnlySpan<byte> NextLine(ReadOnlySpan<byte> bytes, ref int position)
    {
        if (position == bytes.Length)
        {
            throw PktLineException.Unexpected("The push certificate is not complete.");
        }

        var line = bytes[position..];
        line = line[..line.IndexOf((byte)'\n')];
        position += line.Length + 1;
        return line;
    }

    private static void ReadHeader(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, ref string? value)
    {
        if (!line.StartsWith(name))
        {
            return;
        }

        if (value is not null)
        {
            throw PktLineException.Unexpected("The push certificate holds a header twice.");
        }

        value = Encoding.UTF8.GetString(line[name.Length..]);
    }

    // sig_formats in gpg-interface.c.
    private static bool IsSignatureStart(ReadOnlySpan<byte> line) =>
        line.StartsWith("-----BEGIN PGP SIGNATURE-----"u8) || line.StartsWith("-----BEGIN PGP MESSAGE-----"u8)
        || line.StartsWith("-----BEGIN SIGNED MESSAGE-----"u8) || line.StartsWith("-----BEGIN SSH SIGNATURE-----"u8);
}
