namespace Portcullis.Git.Advertisements;

/// <summary>An advertisement of protocol v0 or v1 as a server sent it (gitprotocol-pack "Reference Discovery").</summary>
/// <param name="Refs">The refs, with <c>.have</c> and <c>shallow</c> lines; where <c>HEAD</c> points is known when a <c>symref</c> says it.</param>
/// <param name="Capabilities">What the server can do; empty when it sent no line at all, as git before 2.41 does for a fetch from a repository without refs.</param>
public sealed record RefAdvertisement(RefSnapshot Refs, CapabilityList Capabilities);
