using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Portcullis.Audit.Lines;

/// <summary>
/// A growing buffer that writes JSON members. Every character outside printable ASCII is escaped, so that a line holds no
/// control character, no line break of any script and no direction mark: what a terminal shows is what is there.
/// </summary>
internal sealed class LineBuffer
{
    private static readonly SearchValues<char> Verbatim = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x7f - 0x20).Select(c => (char)c).Where(c => c is not ('"' or '\\'))]);

    /// <summary>What a buffer may keep: a push of very many refs should not be remembered for ever.</summary>
    private const int MaxKept = 4 << 20;

    private byte[] _bytes = new byte[1024];

    public int Length { get; private set; }

    public int Capacity => _bytes.Length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > MaxKept)
        {
            _bytes = new byte[1024];
        }
    }

    public void Append(ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(Reserve(utf8.Length));
        Length += utf8.Length;
    }

    public void Append(byte value)
    {
        Reserve(1)[0] = value;
        Length++;
    }

    public void Append(long number)
    {
        Utf8Formatter.TryFormat(number, Reserve(20), out var written);
        Length += written;
    }

    /// <summary>Appends <c>"text"</c>, escaped and cut to <paramref name="maxCharacters"/>; text that was cut ends with an ellipsis.</summary>
    public void AppendQuoted(ReadOnlySpan<char> text, int maxCharacters)
    {
        Append((byte)'"');
        if (text.Length > maxCharacters)
        {
            var kept = maxCharacters - 1;
            if (char.IsHighSurrogate(text[kept - 1]))
            {
                kept--;
            }

            AppendEscaped(text[..kept]);
            AppendUnicodeEscape('…');
        }
        else
        {
            AppendEscaped(text);
        }

        Append((byte)'"');
    }

    private void AppendEscaped(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var run = text.IndexOfAnyExcept(Verbatim);
            if (run < 0)
            {
                run = text.Length;
            }

            Ascii.FromUtf16(text[..run], Reserve(run), out var written);
            Length += written;
            if (run == text.Length)
            {
                return;
            }

            var c = text[run];
            if (c is '"' or '\\')
            {
                Append((byte)'\\');
                Append((byte)c);
                run++;
            }
            else if (char.IsHighSurrogate(c) && run + 1 < text.Length && char.IsLowSurrogate(text[run + 1]))
            {
                AppendUnicodeEscape(c);
                AppendUnicodeEscape(text[run + 1]);
                run += 2;
            }
            else
            {
                AppendUnicodeEscape(char.IsSurrogate(c) ? '\uFFFD' : c);
                run++;
            }

            text = text[run..];
        }
    }

    private void AppendUnicodeEscape(char c)
    {
        var target = Reserve(6);
        target[0] = (byte)'\\';
        target[1] = (byte)'u';
        Utf8Formatter.TryFormat((ushort)c, target[2..], out _, new StandardFormat('x', 4));
        Length += 6;
    }

    private Span<byte> Reserve(int count)
    {
        if (_bytes.Length - Length < count)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        }

        return _bytes.AsSpan(Length);
    }
}
