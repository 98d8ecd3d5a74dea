using Portcullis.Tokens;

namespace Portcullis.Authority.Issuing;

/// <summary>What an access token is to say.</summary>
internal sealed record AccessToken
{
    public required string Subject { get; init; }

    public string? ClientId { get; init; }

    public string? SessionId { get; init; }

    public required string Scope { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Who acts for the subject, the current actor first.</summary>
    public IReadOnlyList<Actor> Actors { get; init; } = [];

    /// <summary>The ids of the tokens it was made from, the nearest first.</summary>
    public IReadOnlyList<string> Parents { get; init; } = [];

    /// <summary>What else it dies with, each as <see cref="DeathMark"/> writes it.</summary>
    public IReadOnlyList<string> DiesWith { get; init; } = [];

    /// <summary>The certificate that it is bound to (RFC 8705 §3.1).</summary>
    public string? ConfirmationCertificateThumbprint { get; init; }

    /// <summary>The algorithm to sign with; null: the authority's own.</summary>
    public string? Algorithm { get; init; }

    /// <summary>Whether it is for a person, so that it has to fit into credential stores.</summary>
    public bool IsForPerson { get; init; }
}
