namespace Portcullis.Tokens.Validation;

/// <summary>The three parts of a JWS in compact form (RFC 7515 §7.1): where they lie, and that each is canonical base64url.</summary>
internal readonly struct CompactForm
{
    private CompactForm(byte[] ascii, int firstDot, int secondDot)
    {
        Ascii = ascii;
        FirstDot = firstDot;
        SecondDot = secondDot;
    }

    public byte[] Ascii { get; }

    private int FirstDot { get; }

    private int SecondDot { get; }

    public ReadOnlySpan<byte> Header => Ascii.AsSpan(0, FirstDot);

    public ReadOnlySpan<byte> Payload => Ascii.AsSpan(FirstDot + 1, SecondDot - FirstDot - 1);

    public ReadOnlySpan<byte> Signature => Ascii.AsSpan(SecondDot + 1);

    /// <summary>What was signed: everything before the second dot (RFC 7515 §5.2 step 8).</summary>
    public int SigningInputLength => SecondDot;

    public static TokenFailure? Read(byte[] ascii, out CompactForm form)
    {
        form = default;
        ReadOnlySpan<byte> token = ascii;
        // One pass counts them all, so that 60,000 dots cost as much as none (CVE-2025-30204).
        int dots = token.Count((byte)'.');
        if (dots != 2)
        {
            return dots == 4 && StrictBase64Url.IsAlphabetOrDot(token) ? TokenFailure.Encrypted : TokenFailure.Malformed;
        }

        int first = token.IndexOf((byte)'.');
        form = new CompactForm(ascii, first, token.LastIndexOf((byte)'.'));
        // An empty signature is the "none" of RFC 7519 §6.1, whatever the header says.
        bool complete = !form.Header.IsEmpty && !form.Payload.IsEmpty && !form.Signature.IsEmpty;
        return complete && StrictBase64Url.IsCanonical(form.Header) && StrictBase64Url.IsCanonical(form.Payload) && StrictBase64Url.IsCanonical(form.Signature)
            ? null
            : TokenFailure.Malformed;
    }
}
