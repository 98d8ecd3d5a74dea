namespace Portcullis.Authority;

/// <summary>What a start did that a person should hear of.</summary>
/// <param name="Administrator">The administrator that was made, on the first start; else null.</param>
/// <param name="EnrolmentLink">The link, good once, by which the administrator sets a passkey or password: for the terminal, never for a log file. Null but on the first start.</param>
public sealed record AuthorityStartupReport(string? Administrator, string? EnrolmentLink);
