using Portcullis.Tokens;

namespace Portcullis.Tests.Tokens;

/// <summary>One way to get in, and what it gets.</summary>
/// <param name="Name">What is tried.</param>
/// <param name="Expected">The check that must catch it: another one catching it would mean that the order, or the check, is not what it says.</param>
/// <param name="Token">Makes the token.</param>
internal sealed record AttackCase(string Name, TokenError Expected, Func<AttackBench, string> Token);
