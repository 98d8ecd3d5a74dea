namespace Portcullis.Authority;

/// <summary>What a start did that a person should hear of.</summary>
/// <param name="IsFirstStart">Whether the database was made, with the first signing key.</param>
/// <param name="ImportedKeyFile">The file whose key became the ring's first; else null. It is not read again.</param>
/// <param name="Administrator">The administrator that was made, on the first start; else null.</param>
/// <param name="EnrolmentLink">The link, good once, by which the administrator sets a passkey or password: for the terminal, never for a log file. Null but on the first start.</param>
public sealed record AuthorityStartupReport(bool IsFirstStart, string? ImportedKeyFile, string? Administrator, string? EnrolmentLink);
