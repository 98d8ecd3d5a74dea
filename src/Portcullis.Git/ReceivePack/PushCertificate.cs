using System.Collections.Immutable;

namespace Portcullis.Git.ReceivePack;

/// <summary>The signed push certificate of a <c>git push --signed</c> (gitprotocol-pack "Push Certificate"). The signature is git's to check.</summary>
public sealed record PushCertificate
{
    internal PushCertificate(
        ReadOnlyMemory<byte> text, int signedLength, string pusher, string? pushee, string? nonce, ImmutableArray<string> pushOptions, ImmutableArray<ReceivePackCommand> commands)
    {
        Text = text;
        SignedLength = signedLength;
        Pusher = pusher;
        Pushee = pushee;
        Nonce = nonce;
        PushOptions = pushOptions;
        Commands = commands;
    }

    /// <summary>The whole certificate, signature included, as it was signed and sent.</summary>
    public ReadOnlyMemory<byte> Text { get; }

    /// <summary>How many bytes of <see cref="Text"/> are signed: where the signature begins.</summary>
    public int SignedLength { get; }

    /// <summary>Who signed, and when, as the client wrote it. Not an identity before the signature is checked.</summary>
    public string Pusher { get; }

    /// <summary>The URL that the client pushed to; null when it wrote none.</summary>
    public string? Pushee { get; }

    /// <summary>The nonce of the advertisement that the client answers; null when it wrote none.</summary>
    public string? Nonce { get; }

    /// <summary>The push options that are signed.</summary>
    public ImmutableArray<string> PushOptions { get; }

    /// <summary>The commands that are signed; there are no others in such a push.</summary>
    public ImmutableArray<ReceivePackCommand> Commands { get; }
}
