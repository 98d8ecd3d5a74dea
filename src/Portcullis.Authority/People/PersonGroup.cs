namespace Portcullis.Authority.People;

/// <summary>One person's membership in one group; the policy's <c>group:name</c> means these.</summary>
internal sealed class PersonGroup
{
    public required string PersonId { get; set; }

    public required string Name { get; set; }

    /// <summary>Null for a membership that an administrator made; otherwise the provider whose claims it came from, at whose next sign-in it is looked at again.</summary>
    public string? Provider { get; set; }
}
