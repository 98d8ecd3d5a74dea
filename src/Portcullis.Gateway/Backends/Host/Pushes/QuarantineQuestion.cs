namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>What our <c>pre-receive</c> asks about.</summary>
/// <param name="Quarantine">The object directory in which the push waits; null for a push without objects.</param>
internal sealed record QuarantineQuestion(string? Quarantine);
