namespace Portcullis.Server.Hosting;

/// <summary>A certificate that can't be used. The message is fit for an operator.</summary>
internal sealed class CertificateException(string message, Exception innerException) : Exception(message, innerException);
