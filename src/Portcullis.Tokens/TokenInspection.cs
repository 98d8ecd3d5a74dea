namespace Portcullis.Tokens;

/// <summary>What a token says, for people to read. Nothing in it has been verified.</summary>
/// <param name="Length">How many characters the token has.</param>
/// <param name="Header">The members of its header, in order; empty when it can't be read.</param>
/// <param name="Payload">Its claims, in order; empty when they can't be read.</param>
/// <param name="SignatureLength">How many bytes its signature has.</param>
/// <param name="Error">The first check that every validator would refuse it with, whatever its settings; <see cref="TokenError.None"/> when it is well-formed and its time has neither passed nor yet to come.</param>
/// <param name="Problem">That in a sentence; <see langword="null"/> when there is nothing wrong.</param>
public sealed record TokenInspection(int Length, IReadOnlyList<InspectedClaim> Header, IReadOnlyList<InspectedClaim> Payload, int SignatureLength, TokenError Error, string? Problem);

/// <summary>One member of a token.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">A string as it is, everything else as JSON. Characters that could deceive or command a terminal are escaped.</param>
/// <param name="Meaning">What it means, in words; <see langword="null"/> when this library doesn't know.</param>
public sealed record InspectedClaim(string Name, string Value, string? Meaning);
