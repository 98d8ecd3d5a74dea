namespace Portcullis.Authority.Storage;

/// <summary>The database holds something that this program must not go on with. The message says what, and what to do; it holds no secret.</summary>
public sealed class AuthorityDatabaseException(string message, Exception? inner = null) : Exception(message, inner);
