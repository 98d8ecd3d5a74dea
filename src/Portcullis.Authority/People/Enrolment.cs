namespace Portcullis.Authority.People;

/// <summary>An open invitation to set a first password or passkey, by a link that works once. Only the link's hash is kept.</summary>
internal sealed class Enrolment
{
    public required string TokenHash { get; set; }

    public required string PersonId { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}
